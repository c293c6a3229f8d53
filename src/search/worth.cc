// Sums over terms; a term that forbids (-inf) takes precedence over one without a bound (+inf).
#include "search/worth.h"

#include "base/infinity.h"
#include "ponder/energy/energy.h"

namespace ponder {

double most_of_terms(std::span<const WeightedTerm> terms, std::span<const Token> begin,
                     int n_most) {
  double sum = 0;
  for (const WeightedTerm& t : terms) {
    if (t.beta == 0) continue;
    const TermRange range = t.term->range(begin, n_most);
    const double most = t.beta * (t.beta > 0 ? range.most : range.least);
    if (most == -kInf) return -kInf;
    sum += most;
  }
  return sum;
}

double worth(const BestFirstConfig& c, const Reply& r) {
  const double f = r.logprob + (c.length_prior.empty() ? 0 : c.length_prior[r.tokens.size()]);
  return c.terms.empty() ? f
                         : f + most_of_terms(c.terms, r.tokens, static_cast<int>(r.tokens.size()));
}

}  // namespace ponder
