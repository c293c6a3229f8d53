// Cycle: kernels one after the other as one step. Each kernel leaves the target unchanged, so the
// cycle does, too.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "ponder/chains/kernel.h"

namespace ponder {

class Cycle final : public Kernel {
 public:
  /// A part may occur several times: it is one kernel with one step size.
  explicit Cycle(std::vector<std::shared_ptr<Kernel>> parts) : parts_(std::move(parts)) {}
  std::string_view name() const override { return "cycle"; }
  std::vector<std::string> moves() const override;
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;
  std::vector<StepSize> step_sizes() override;
  int group() const override;

 private:
  std::vector<std::shared_ptr<Kernel>> parts_;
};

}  // namespace ponder
