// dmala: the discrete Langevin proposal, which changes every content position at once.
// docs/methods.md#gradient-informed; Zhang, Liu, Liu 2022.
#pragma once

#include "mcmc/substitution.h"

namespace ponder {

struct DmalaConfig {
  double step = 0.2;  // a change costs 1 / (2 step) nats in the proposal
  // share of a uniform law over content tokens, so that every reverse move is possible
  double uniform = 1e-4;
  double gradient = 1;  // weight of the gradient; 0: none is computed
  bool tune = true;     // tune the step in the warm-up
};

class DmalaKernel final : public SubstitutionKernel {
 public:
  DmalaKernel(const Energy& e, DmalaConfig c) : SubstitutionKernel(e, c.gradient), config_(c) {}
  std::string_view name() const override { return "dmala"; }
  std::vector<StepSize> step_sizes() override;

 protected:
  Proposal propose(const SiteScores&, std::span<const Token> x, Choices&) const override;
  double log_reverse(const SiteScores&, const Proposal&, std::span<const Token> x) const override;

 private:
  std::vector<double> log_q(std::span<const float> s, Token now) const;
  DmalaConfig config_;
};

}  // namespace ponder
