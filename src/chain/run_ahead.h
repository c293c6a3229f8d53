// RunAhead: runs chains of a kernel that can step independently (AsyncSteps). A chain that has
// finished a step goes on with its next ones while slower chains finish theirs, so that the batch
// stays full. Steps are returned in order and complete, with the same draws as those of chains that
// wait. Not the record of chains (chains.cc).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ponder/chains/kernel.h"

namespace ponder {

class RunAhead {
 public:
  /// Takes chains that have done `step` steps. Returns nullptr when the kernel moves chains
  /// together. The kernel must outlive the object.
  static std::unique_ptr<RunAhead> make(const Kernel&, std::span<const ChainState>,
                                        std::uint64_t seed, std::uint64_t step);
  /// Makes the next step of all chains; no chain begins a step after `last`. After an error the
  /// object must not be used again.
  Status step(std::uint64_t last, std::span<ChainState> states, std::span<StepInfo> infos);

 private:
  struct Chain {
    std::uint64_t begun;                 // the last step that was begun
    std::unique_ptr<Choices> choices{};  // of the step in progress; null if there is none
    std::deque<std::pair<ChainState, StepInfo>> done{};
  };
  RunAhead(std::span<const ChainState> states, std::uint64_t seed, std::uint64_t step);
  Status begin(std::uint64_t last);

  std::uint64_t seed_, step_, window_;
  std::vector<ChainState> front_;  // (chains) the present state of each
  std::vector<Chain> chains_;
  std::unique_ptr<AsyncSteps> steps_;  // of front_
};

}  // namespace ponder
