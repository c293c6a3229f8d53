// Gradient ascent on a relaxation, snapped to a discrete reply at every step: in token space on
// logits over candidates, in noise space on the decoder's own noise. Optimisers without a law: the
// arm that samplers are compared with. docs/methods.md#ascent.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "ponder/energy/relaxation.h"

namespace ponder {

struct AscentConfig {
  TokenRelaxation::Kind relaxation = TokenRelaxation::Kind::kStraightThrough;
  int chains = 4;  // side by side, each with noise of its own
  int steps = 60;
  double rate = 0.1;                     // of Adam
  double tau_first = 2, tau_last = 0.1;  // temperature, from the first step to the last
  std::uint64_t seed = 0;
  std::function<void(const std::vector<Token>& best, double f)> progress{};  // after each step
};
struct AscentResult {
  std::vector<Token> best{};  // the start included
  double f = 0;               // of `best`, by SoftScore::score, nats
  double relaxed =
      -std::numeric_limits<double>::infinity();  // the largest relaxed f that was passed
  double gap = 0;                                // it, minus f of what it snaps to
  int steps = 0;
};
/// Ascent of f at softmax((z + Gumbel) / tau), z the logits of each position over candidates (n,
/// m), normalised to mean 0 and a learned scale (Linder and Seelig 2021; there over positions, here
/// over the list, since lists differ). z begins at the start, whose tokens are in the lists.
/// `frozen` positions keep their token; empty: none. A score that ends the search (kCancelled) ends
/// it with what is known. Errors: kInvalid, those of the score.
Result<AscentResult> ascend(SoftScore&, const std::vector<Token>& start,
                            const std::vector<Token>& candidates, int m,
                            const std::vector<bool>& frozen, const AscentConfig&);

struct NoiseAscentConfig {
  double alpha = 4;  // of the decoder whose noise it is
  int steps = 60;
  double rate = 0.05;
  double tau = 1;
  double prior_first = 1,
         prior_last = 0;  // weight of the noise's own density, from the first step to the last
  std::uint64_t seed = 0;
  std::function<void(const Reply& best)> progress{};
};
struct NoiseAscentResult {
  Reply best{};  // the start included
  int steps = 0;
};
/// Ascent of log w(x(eps)) - prior |eps|^2 / 2 from noise that decodes to `start`. Every point is a
/// reply: there is no gap. Errors and ends as above.
Result<NoiseAscentResult> ascend_noise(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                       const Reply& start, const NoiseAscentConfig&);

}  // namespace ponder
