// insert-delete: inserts or deletes one content token and keeps the tokens after it.
// docs/methods.md#insert-delete; Green 1995 (reversible jumps).
#pragma once

#include <vector>

#include "ponder/chains/kernel.h"

namespace ponder {

class InsertDeleteKernel final : public Kernel {
 public:
  explicit InsertDeleteKernel(const Energy& e) : energy_(e) {}
  std::string_view name() const override { return "insert-delete"; }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;

 private:
  struct Plan {
    std::size_t chain;
    bool insert;
    int position;
  };
  Status propose(std::span<const ChainState>, std::span<Choices* const>, std::span<const Plan>,
                 std::vector<Energy::Edit>&, std::vector<double>& log_q) const;
  const Energy& energy_;
};

}  // namespace ponder
