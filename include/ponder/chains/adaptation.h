// Adaptation tunes a kernel's step sizes to their rates of acceptance while the chains warm up, and
// then stops, since a kernel that still adapts does not leave a law unchanged. It is kept apart
// from kernels. Dual averaging, Hoffman and Gelman 2014.
#pragma once

#include <span>
#include <vector>

#include "ponder/chains/kernel.h"

namespace ponder {

class Adaptation {
 public:
  /// The kernel must outlive the object. A kernel without step sizes is not changed.
  explicit Adaptation(Kernel&);
  /// Takes the infos (n_moves, n_chains) of one step of the warm-up.
  void update(std::span<const StepInfo> infos);
  /// Ends the warm-up: each step size becomes the average of those tried.
  void freeze();

  /// The state of one step size, as a checkpoint of a warm-up keeps it.
  struct Average {
    double start = 0;      // log of the first step size
    double shortfall = 0;  // mean of (rate wanted - rate seen)
    double mean_log_step = 0;
    int n = 0;  // updates
  };
  const std::vector<Average>& state() const { return averages_; }
  void restore(std::span<const Average>);

 private:
  std::vector<StepSize> steps_;
  std::vector<Average> averages_;
  std::size_t n_moves_;
};

}  // namespace ponder
