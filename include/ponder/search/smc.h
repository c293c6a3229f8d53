// Power SMC: a swarm of particles drawn towards an energy's target token by token, with an estimate
// of its normalising constant. Not a Markov chain (kernel.h has its conditional form, csmc).
// docs/methods.md#smc.
#pragma once

#include <functional>
#include <vector>

#include "ponder/chains/choices.h"
#include "ponder/energy/energy.h"
#include "ponder/search/search.h"

namespace ponder {

struct SmcConfig {
  int particles = 64;
  // resample when the effective sample size falls below this share of the particles
  double ess = 0.5;
  // tokens over which the exponent grows from 1 to alpha; 0: alpha from the first token on
  int ramp = 0;
  // called at each likelier reply that a particle has reached
  std::function<void(const Reply& best)> progress{};
};

struct SmcResult {
  std::vector<Reply> replies{};  // (particles) strings that are no reply of the law have weight 0
  std::vector<double> log_weights{};  // (particles) normalised: the weights sum to 1
  // log of an unbiased estimate of Z = sum_x exp(-U(x)); log Z itself is not unbiased
  double log_z = 0;
  double ess = 0;  // of the final weights
  int n_resampled = 0;
  // false: the budget stopped the swarm; unended particles have weight 0, and log_z is no estimate
  bool completed = false;
};

/// Systematic resampling. A draw from the target is approximately a reply taken by weight: exact as
/// the number of particles grows. Errors: kInvalid (no particle, ess outside 0 … 1), kNumeric (no
/// particle is a reply), kResource (the budget stopped the swarm before any particle was a reply),
/// those of the density.
Result<SmcResult> power_smc(const Energy&, int replica, const SmcConfig&, const Budget&, Choices&);

}  // namespace ponder
