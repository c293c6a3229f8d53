// pafs: a path of several replacements at different positions along the scores of one reply; gwg is
// the path of one replacement. docs/methods.md#gradient-informed; Sun et al. 2022 (path auxiliary),
// Grathwohl et al. 2021 (Gibbs with gradients).
#pragma once

#include "mcmc/substitution.h"

namespace ponder {

struct PafsConfig {
  double length = 2;  // mean number of replacements, at least 1; between whole numbers it is drawn
  double gradient = 1;  // weight of the gradient; 0: none is computed
  bool tune = true;     // tune the length in the warm-up
};

class PafsKernel : public SubstitutionKernel {
 public:
  PafsKernel(const Energy& e, PafsConfig c) : SubstitutionKernel(e, c.gradient), config_(c) {}
  std::string_view name() const override { return "pafs"; }
  std::vector<StepSize> step_sizes() override;

 protected:
  Proposal propose(const SiteScores&, std::span<const Token> x, Choices&) const override;
  double log_reverse(const SiteScores&, const Proposal&, std::span<const Token> x) const override;

 private:
  PafsConfig config_;
};

class GwgKernel final : public PafsKernel {
 public:
  GwgKernel(const Energy& e, double gradient)
      : PafsKernel(e, {.length = 1, .gradient = gradient, .tune = false}) {}
  std::string_view name() const override { return "gwg"; }
};

}  // namespace ponder
