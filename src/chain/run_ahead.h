// RunAhead: chains of a kernel that can step without each other (AsyncSteps), where a chain that is
// through with a step goes on with its next ones while slower chains finish theirs, so that the
// batch stays full. Steps come out in order and complete, with the very draws of chains that wait.
// Not what is recorded of them: chains.cc.
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
  /// Chains that have done `step` steps. nullptr when the kernel moves them together. The kernel
  /// must outlive it.
  static std::unique_ptr<RunAhead> make(const Kernel&, std::span<const ChainState>,
                                        std::uint64_t seed, std::uint64_t step);
  /// The next step of all chains, of which none begins one after `last`. After an error there is no
  /// going on.
  Status step(std::uint64_t last, std::span<ChainState> states, std::span<StepInfo> infos);

 private:
  struct Chain {
    std::uint64_t begun;                 // the last step that was begun
    std::unique_ptr<Choices> choices{};  // of the step under way; null: none is
    std::deque<std::pair<ChainState, StepInfo>> done{};
  };
  RunAhead(std::span<const ChainState> states, std::uint64_t seed, std::uint64_t step);
  Status begin(std::uint64_t last);

  std::uint64_t seed_, step_, window_;
  std::vector<ChainState> front_;  // (chains) as far as each is
  std::vector<Chain> chains_;
  std::unique_ptr<AsyncSteps> steps_;  // of front_
};

}  // namespace ponder
