// The term of repeated n-grams, a known region of high probability and little content.
// docs/methods.md#lengths.
#include <set>

#include "ponder/energy/terms.h"

namespace ponder {

std::unique_ptr<Term> make_repetition_term(int n_gram) {
  const auto value = [size = static_cast<std::size_t>(n_gram)](ReplyTokens x) {
    std::set<std::vector<Token>> seen;
    double repeated = 0;
    for (std::size_t i = 0; i + size <= x.size(); ++i) {
      const ReplyTokens gram = x.subspan(i, size);
      if (!seen.emplace(gram.begin(), gram.end()).second) ++repeated;
    }
    return -repeated;
  };
  // A repeated n-gram stays repeated; each further token completes at most one n-gram.
  return make_term("repetition", value, [value](ReplyTokens begin, int n_most) -> TermRange {
    const double now = value(begin);
    return {now - (n_most - static_cast<double>(begin.size())), now};
  });
}

}  // namespace ponder
