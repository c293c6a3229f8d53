// exchange: replica exchange (parallel tempering) over the exponents of an energy, the first
// replica refreshed by an independent draw. docs/methods.md#exchange; Geyer 1991.
#pragma once

#include "ponder/chains/kernel.h"

namespace ponder {

/// Chains come in ladders: chain c is at replica c mod n_replicas.
class ExchangeKernel final : public Kernel {
 public:
  explicit ExchangeKernel(const Energy& e) : energy_(e) {}
  std::string_view name() const override { return "exchange"; }
  /// For "swap", a chain's info is about the swap with the replica above.
  std::vector<std::string> moves() const override { return {"refresh", "swap"}; }
  int group() const override { return static_cast<int>(energy_.replicas().size()); }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;

 private:
  Status refresh(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const;
  void swap(ChainState& low, ChainState& high, Choices&, StepInfo&) const;

  const Energy& energy_;
};

}  // namespace ponder
