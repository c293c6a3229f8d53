// Swarms of particles that move towards p^alpha token by token: the common part of power SMC and
// its conditional form. docs/methods.md#smc; Del Moral, Doucet, Jasra 2006; Andrieu, Doucet,
// Holenstein 2010.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "mcmc/draw_suffixes.h"

namespace ponder {

struct ParticlesConfig {
  int n = 16;
  double ess = 0.5;  // resample when the effective sample size falls below this share of n
  // tokens over which the exponent grows from 1 to alpha; 0: alpha from the first token on
  int ramp = 0;
};

struct Swarm {
  std::vector<ChainState> states;   // (n)
  std::vector<double> log_weights;  // (n) since the last resampling
  double log_z = 0;                 // log Z of the steps before the last resampling, nats
  int n_resampled = 0;
  Choices* choices = nullptr;
  const ChainState* pinned = nullptr;  // the reply that particle 0 follows
};

/// Draws n ancestors by weight.
using Resample = std::function<std::vector<int>(const Swarm&)>;

Swarm make_swarm(const Energy&, const ParticlesConfig&, int replica, Choices*,
                 const ChainState* pinned = nullptr);

/// Runs all swarms to their ends, with all particles in one batch a position; the final weights are
/// those of pi. `over` is called before each position; once it returns true, particles that have
/// not ended get weight 0. Returns whether all particles have ended.
Result<bool> run_swarms(const Energy&, const ParticlesConfig&, const Resample&, std::span<Swarm>,
                        const std::function<bool()>& over = {});

}  // namespace ponder
