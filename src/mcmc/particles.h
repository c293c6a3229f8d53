// Swarms of particles on the way to p^alpha, token by token: what power SMC and its conditional
// form share. docs/methods.md#smc; Del Moral, Doucet, Jasra 2006; Andrieu, Doucet, Holenstein 2010.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "mcmc/draw_suffixes.h"

namespace ponder {

struct ParticlesConfig {
  int n = 16;
  double ess = 0.5;  // resample when the effective sample size falls below this share of n
  int ramp =
      0;  // tokens over which the exponent grows from 1 to alpha; 0: alpha from the first token on
};

struct Swarm {
  std::vector<ChainState> states;   // (n)
  std::vector<double> log_weights;  // (n) since the last resampling
  double log_z = 0;                 // of what the resamplings before have forgotten, nats
  int n_resampled = 0;
  Choices* choices = nullptr;
  const ChainState* pinned = nullptr;  // what particle 0 follows
};

/// n ancestors by weight.
using Resample = std::function<std::vector<int>(const Swarm&)>;

Swarm make_swarm(const Energy&, const ParticlesConfig&, int replica, Choices*,
                 const ChainState* pinned = nullptr);

/// Runs all swarms to their ends, all particles in one batch a position; the weights then are those
/// of pi. `over` is asked before each position: once it says yes, what has not ended has weight 0.
/// Returns whether all came to their ends.
Result<bool> run_swarms(const Energy&, const ParticlesConfig&, const Resample&, std::span<Swarm>,
                        const std::function<bool()>& over = {});

}  // namespace ponder
