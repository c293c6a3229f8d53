// csmc: conditional sequential Monte Carlo (particle Gibbs): the present reply is one of the
// particles and survives every resampling. docs/methods.md#smc; Andrieu, Doucet, Holenstein 2010.
#pragma once

#include "mcmc/particles.h"
#include "ponder/chains/kernel.h"

namespace ponder {

class CsmcKernel final : public Kernel {
 public:
  /// At least two particles. With two, the effective sample size is never below 0.5 of them.
  CsmcKernel(const Energy& e, ParticlesConfig c) : energy_(e), config_(c) {}
  std::string_view name() const override { return "csmc"; }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;

 private:
  const Energy& energy_;
  ParticlesConfig config_;
};

}  // namespace ponder
