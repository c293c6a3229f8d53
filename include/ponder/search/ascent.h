// Gradient ascent on a relaxation, snapped to a discrete reply at every step: in token space on
// logits over candidates, in noise space on the decoder's own noise. These are optimisers without a
// law, with which samplers are compared. docs/methods.md#ascent.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "ponder/energy/relaxation.h"

namespace ponder {

struct AscentConfig {
  TokenRelaxation::Kind relaxation = TokenRelaxation::Kind::kStraightThrough;
  int chains = 4;  // side by side, each with its own noise
  int steps = 60;
  double rate = 0.1;                     // of Adam
  double tau_first = 2, tau_last = 0.1;  // temperature, from the first step to the last
  std::uint64_t seed = 0;
  std::function<void(const std::vector<Token>& best, double f)> progress{};  // after each step
};
struct AscentResult {
  std::vector<Token> best{};  // the start included
  double f = 0;               // of `best`, by SoftScore::score, nats
  // the largest relaxed f of all steps
  double relaxed = -std::numeric_limits<double>::infinity();
  double gap = 0;  // `relaxed`, minus f of the reply that it snaps to
  int steps = 0;
};
/// Ascent of f at softmax((z + Gumbel) / tau), where z are the logits of each position over
/// candidates (n, m), normalised to mean 0 and a learned scale (Linder and Seelig 2021 normalise
/// over positions; here it is over the list, since lists differ). z begins at the start, whose
/// tokens are in the lists. `frozen` positions keep their token; empty: none. If the score returns
/// kCancelled, the ascent ends and returns the best so far. Errors: kInvalid, those of the score.
Result<AscentResult> ascend(SoftScore&, const std::vector<Token>& start,
                            const std::vector<Token>& candidates, int m,
                            const std::vector<bool>& frozen, const AscentConfig&);

struct NoiseAscentConfig {
  double alpha = 4;  // of the decoder whose noise is moved
  int steps = 60;
  double rate = 0.05;
  double tau = 1;
  // weight of the noise's own density, from the first step to the last
  double prior_first = 1, prior_last = 0;
  std::uint64_t seed = 0;
  std::function<void(const Reply& best)> progress{};
};
struct NoiseAscentResult {
  Reply best{};  // the start included
  int steps = 0;
};
/// Ascent of log w(x(eps)) - prior |eps|^2 / 2 from noise that decodes to `start`. Every point
/// decodes to a reply, so there is no gap. Errors and early ends are those of ascend.
Result<NoiseAscentResult> ascend_noise(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                       const Reply& start, const NoiseAscentConfig&);

}  // namespace ponder
