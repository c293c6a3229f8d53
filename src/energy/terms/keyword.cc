// The term of a word that the reply's text should, or should not, contain. It looks at the text,
// since many token strings spell one word.
#include <algorithm>
#include <utility>

#include "base/infinity.h"

#include "ponder/energy/terms.h"

namespace ponder {

std::unique_ptr<Term> make_keyword_term(Keyword k, std::function<std::string(ReplyTokens)> text) {
  std::string name = k.forbid ? "forbid" : "keyword";
  // R of replies with the word in their text, and of replies without it.
  const double with = !k.forbid ? (k.hard ? 0 : 1)
                      : k.hard  ? -kInf
                                : -1,
               without = k.hard && !k.forbid ? -kInf : 0;
  const auto contains = [word = std::move(k.word), text = std::move(text)](ReplyTokens x) {
    return text(x).find(word) != std::string::npos;
  };
  const auto value = [=](ReplyTokens x) { return contains(x) ? with : without; };
  // The text of a beginning is the beginning of the text, so a word that has occurred stays.
  return make_term(std::move(name), value, [=](ReplyTokens begin, int) -> TermRange {
    return {contains(begin) ? with : std::min(with, without),
            contains(begin) ? with : std::max(with, without)};
  });
}

}  // namespace ponder
