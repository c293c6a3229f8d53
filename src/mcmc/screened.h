// Screened moves: another kernel moves the chain on a cheaper density, and the density of the target decides whether
// the move stands. Delayed acceptance, METHODS 2.1; Christen and Fox 2005.
#pragma once

#include <memory>

#include "ponder/kernel.h"

namespace ponder {

/// Exact when `inner` is reversible for its own target, which is that of `energy` on the density that screens:
/// pi^(x) T(x, y) = pi^(y) T(y, x), so T(x, y) min(1, pi(y) pi^(x) / [pi(x) pi^(y)]) is reversible for pi.
class ScreenedKernel final : public Kernel {
 public:
  /// inner works on *energy.screen().
  ScreenedKernel(const Energy& energy, std::unique_ptr<Kernel> inner) : energy_(energy), inner_(std::move(inner)) {}
  std::string_view name() const override { return inner_->name(); }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;

 private:
  Status screen(std::span<const ChainState>, std::vector<ChainState>& out) const;
  double log_correction(const ChainState& x, const ChainState& screened) const;

  const Energy& energy_;
  std::unique_ptr<Kernel> inner_;
};

}  // namespace ponder
