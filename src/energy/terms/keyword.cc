// A word that the reply's text should contain, or should not. Of the text: many token strings spell one word.
#include <utility>

#include "ponder/terms.h"

namespace ponder {

std::unique_ptr<Term> make_keyword_term(Keyword k, std::function<std::string(ReplyTokens)> text) {
  std::string name = k.forbid ? "forbid" : "keyword";
  return make_term(std::move(name), [k = std::move(k), text = std::move(text)](ReplyTokens x) -> double {
    const bool contains = text(x).find(k.word) != std::string::npos;
    if (k.hard) return contains == k.forbid ? -std::numeric_limits<double>::infinity() : 0;
    return contains ? (k.forbid ? -1 : 1) : 0;
  });
}

}  // namespace ponder
