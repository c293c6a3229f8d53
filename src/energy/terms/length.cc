// The term of a prior on the length, since p^alpha prefers short replies. docs/methods.md#lengths.
#include "ponder/energy/terms.h"

namespace ponder {

std::unique_ptr<Term> make_length_term(const LengthPrior& p) {
  return make_term("length", [p](ReplyTokens x) {
    const auto n = static_cast<double>(x.size());
    const double z = (n - p.mean) / p.deviation;
    return p.per_token * n - z * z / 2;
  });
}

}  // namespace ponder
