// A span of the reply that should stay as it is.
#include <utility>

#include "ponder/terms.h"

namespace ponder {

std::unique_ptr<Term> make_frozen_term(FrozenSpan s) {
  return make_term("frozen", [s = std::move(s)](ReplyTokens x) -> double {
    int changed = 0;
    for (std::size_t k = 0; k < s.tokens.size(); ++k) {
      const std::size_t t = static_cast<std::size_t>(s.begin) + k;
      changed += t >= x.size() || x[t] != s.tokens[k];
    }
    if (s.hard) return changed > 0 ? -std::numeric_limits<double>::infinity() : 0;
    return -changed;
  });
}

}  // namespace ponder
