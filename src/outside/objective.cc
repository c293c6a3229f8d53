// With p = softmax(l), q = softmax(alpha l), s the weights, a = o.logprob, b = o.lz, and u the
// derivative of the terms with respect to lp:
//   dJ/dl = a s + b alpha q + u - p (a sum s + b alpha + sum u).
#include "outside/objective.h"

#include <cmath>
#include <utility>

#include "base/infinity.h"
#include "base/log_sum_exp.h"

namespace ponder {

Result<std::vector<double>> log_probabilities(std::span<const float> logits,
                                              const TokenMask* mask) {
  std::vector<double> lp(logits.begin(), logits.end());
  if (mask)
    for (std::size_t v = 0; v < lp.size(); ++v)
      if (!(*mask)[static_cast<Token>(v)]) lp[v] = -kInf;
  const double lse = log_sum_exp(lp);
  if (!std::isfinite(lse))
    return Error{Code::kNumeric, "a row with a finite sum", "none", "a vocabulary row",
                 "the mask may allow no token"};
  for (double& x : lp) x -= lse;
  return lp;
}

Status differentiate(std::span<const float> logits, const Objective& o, ObjectiveRow& r,
                     std::span<float> dlogits) {
  PONDER_ASSIGN(const std::vector<double> lp, log_probabilities(logits, r.mask));
  const auto weight = [&r](std::size_t j) { return r.weights.empty() ? 1. : r.weights[j]; };
  double weights = 0;
  for (std::size_t j = 0; j < r.candidates.size(); ++j) {
    const double x = lp[r.candidates[j]];
    if (r.direct) r.direct[j] = o.logprob == 0 ? 0 : static_cast<float>(o.logprob * x);
    if (weight(j) == 0) continue;  // otherwise 0 times the -inf of a masked id gives NaN
    r.logprob += weight(j) * x;
    weights += weight(j);
  }
  r.lz = o.lz != 0 ? log_sum_exp(lp, o.alpha) : 0;
  r.value = o.logprob * r.logprob + o.lz * r.lz;
  std::vector<float> u(o.row_terms.empty() ? 0 : lp.size());
  const std::vector<float> of_terms(lp.begin(), lp.begin() + static_cast<std::ptrdiff_t>(u.size()));
  double terms = 0;
  for (const RowTerm* term : o.row_terms) r.value += term->add(r.reply, r.t, of_terms, u);
  for (std::size_t v = 0; v < u.size(); ++v) {
    if (std::isinf(lp[v])) u[v] = 0;  // the law does not contain masked ids
    terms += u[v];
  }
  if (dlogits.empty()) return {};
  const double b = o.lz * o.alpha, p_factor = o.logprob * weights + b + terms;
  for (std::size_t v = 0; v < lp.size(); ++v) {
    const double q = b == 0 ? 0 : b * std::exp(o.alpha * lp[v] - r.lz);
    dlogits[v] = static_cast<float>(q + (u.empty() ? 0 : u[v]) - p_factor * std::exp(lp[v]));
  }
  for (std::size_t j = 0; j < r.candidates.size(); ++j)
    dlogits[r.candidates[j]] += static_cast<float>(o.logprob * weight(j));
  return {};
}

}  // namespace ponder
