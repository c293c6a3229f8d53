// gibbs: draws one position anew from its conditional law over a short list. docs/methods.md#gibbs;
// Geman and Geman 1984.
#pragma once

#include "ponder/chains/kernel.h"

namespace ponder {

struct GibbsConfig {
  int candidates = 16;  // K: number of most likely tokens given the tokens before
};

class GibbsKernel final : public Kernel {
 public:
  GibbsKernel(const Energy& e, GibbsConfig c) : energy_(e), config_(c) {}
  std::string_view name() const override { return "gibbs"; }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;

 private:
  Status candidates(std::span<const ChainState>, std::span<const StepInfo>,
                    std::vector<std::vector<Token>>&) const;

  const Energy& energy_;
  GibbsConfig config_;
};

}  // namespace ponder
