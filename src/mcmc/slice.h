// slice: elliptical slice sampling of the decoder's noise. It has no step size and no gradient;
// every step ends at a point of the slice. docs/methods.md#noise-space; Murray, Adams, MacKay 2010.
#pragma once

#include "mcmc/noise_path.h"
#include "ponder/chains/kernel.h"

namespace ponder {

struct SliceConfig {
  Block::Kind block = Block::Kind::kSuffix;
};

class SliceKernel final : public Kernel {
 public:
  SliceKernel(const Energy& e, SliceConfig c) : energy_(e), config_(c) {}
  std::string_view name() const override { return "slice"; }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;

 private:
  const Energy& energy_;
  SliceConfig config_;
};

}  // namespace ponder
