// Noise space: Adam on the noise of one decoder, with NoiseRelaxation's estimate of the derivative
// of log w.
#include <cmath>

#include "ponder/chains/choices.h"
#include "ponder/search/ascent.h"
#include "search/adam.h"
#include "search/stopping_density.h"

namespace ponder {
namespace {

Status climb(NoiseRelaxation& space, const NoiseAscentConfig& c, const Reply& start,
             NoiseAscentResult& out) {
  const auto choices = random_choices(c.seed, 0, 0);
  NoiseRelaxation::State state;
  PONDER_TRY(space.lift(
      start.tokens, [&] { return choices->uniform(); }, state));
  Adam<float> adam(state.eps.size(), c.rate);
  std::vector<float> gradient;
  for (int k = 0; k < c.steps; ++k) {
    NoiseRelaxation::Decoded at;
    PONDER_TRY(space.force(state, 1, c.tau, gradient, &at));
    if (std::isfinite(at.log_weight) && at.logprob > out.best.logprob)
      out.best = {at.tokens, at.logprob, at.ended};
    const double share = c.steps > 1 ? static_cast<double>(k) / (c.steps - 1) : 1;
    const auto prior = static_cast<float>(c.prior_first + share * (c.prior_last - c.prior_first));
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] -= prior * state.eps[i];
    adam.ascend(gradient, state.eps);
    ++out.steps;
    if (c.progress) c.progress(out.best);
  }
  return {};
}

}  // namespace

Result<NoiseAscentResult> ascend_noise(CausalDensity& d, const PrefixRef& context,
                                       const ReplyLaw& law, const Reply& start,
                                       const NoiseAscentConfig& c) {
  if (!(c.alpha > 0) || !(c.rate > 0) || !(c.tau > 0))
    return Error{Code::kInvalid, "alpha, rate and tau above 0", "less", "ascent in noise space",
                 ""};
  NoiseRelaxation space(d, context, law, c.alpha);
  NoiseAscentResult out{.best = start};
  const Status s = climb(space, c, start, out);
  if (!s.ok() && !ends_search(s)) return s.error();
  return out;
}

}  // namespace ponder
