// The term of a span of the reply that should not change.
#include <utility>

#include "base/infinity.h"

#include "ponder/energy/terms.h"

namespace ponder {
namespace {

// Numbers of positions of the span at which replies of at most n_most tokens that begin with x
// certainly differ from it, and at which they may differ.
struct Differences {
  int sure = 0, open = 0;
};
Differences differences(const FrozenSpan& s, ReplyTokens x, int n_most) {
  Differences d;
  for (std::size_t k = 0; k < s.tokens.size(); ++k) {
    const std::size_t t = static_cast<std::size_t>(s.begin) + k;
    if (t < x.size() ? x[t] != s.tokens[k] : t >= static_cast<std::size_t>(n_most))
      ++d.sure;
    else
      d.open += t >= x.size();
  }
  return d;
}

}  // namespace

std::unique_ptr<Term> make_frozen_term(const FrozenSpan& s) {
  const auto value = [s](ReplyTokens x) -> double {
    const int changed = differences(s, x, static_cast<int>(x.size())).sure;
    if (s.hard) return changed > 0 ? -kInf : 0;
    return -changed;
  };
  return make_term("frozen", value, [s](ReplyTokens begin, int n_most) -> TermRange {
    const Differences d = differences(s, begin, n_most);
    if (s.hard) return {-kInf, d.sure > 0 ? -kInf : 0.};
    return {-static_cast<double>(d.sure + d.open), -static_cast<double>(d.sure)};
  });
}

}  // namespace ponder
