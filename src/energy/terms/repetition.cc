// n-grams said twice: a known region of high probability that says little. docs/methods.md#lengths.
#include <set>

#include "ponder/terms.h"

namespace ponder {

std::unique_ptr<Term> make_repetition_term(int n_gram) {
  return make_term("repetition", [size = static_cast<std::size_t>(n_gram)](ReplyTokens x) {
    std::set<std::vector<Token>> seen;
    double repeated = 0;
    for (std::size_t i = 0; i + size <= x.size(); ++i) {
      const ReplyTokens gram = x.subspan(i, size);
      if (!seen.emplace(gram.begin(), gram.end()).second) ++repeated;
    }
    return -repeated;
  });
}

}  // namespace ponder
