// The term of n-grams copied from the prompt, the other degenerate region besides repetition.
// docs/methods.md#lengths.
#include <set>

#include "ponder/energy/terms.h"

namespace ponder {

std::unique_ptr<Term> make_copy_term(std::span<const Token> prompt, int n_gram) {
  const auto size = static_cast<std::size_t>(n_gram);
  std::set<std::vector<Token>> theirs;
  for (std::size_t i = 0; i + size <= prompt.size(); ++i) {
    const auto gram = prompt.subspan(i, size);
    theirs.emplace(gram.begin(), gram.end());
  }
  const auto value = [size, theirs = std::move(theirs)](ReplyTokens x) {
    double copied = 0;
    for (std::size_t i = 0; i + size <= x.size(); ++i) {
      const ReplyTokens gram = x.subspan(i, size);
      if (theirs.contains({gram.begin(), gram.end()})) ++copied;
    }
    return -copied;
  };
  // A copied n-gram stays copied; each further token completes at most one n-gram.
  return make_term("copy", value, [value](ReplyTokens begin, int n_most) -> TermRange {
    const double now = value(begin);
    return {now - (n_most - static_cast<double>(begin.size())), now};
  });
}

}  // namespace ponder
