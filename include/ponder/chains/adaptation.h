// Adaptation: tunes a kernel's step sizes to their rates of acceptance while the chains warm up,
// and then stops: a kernel that still adapts leaves no law unchanged. Kept apart from kernels. Dual
// averaging, Hoffman and Gelman 2014.
#pragma once

#include <span>
#include <vector>

#include "ponder/chains/kernel.h"

namespace ponder {

class Adaptation {
 public:
  /// The kernel must outlive it; one without step sizes is left as it is.
  explicit Adaptation(Kernel&);
  /// After a step of the warm-up: infos (n_moves, n_chains) as the step gave them.
  void update(std::span<const StepInfo> infos);
  /// At its end: each step size becomes the average of the tries.
  void freeze();

  /// What a checkpoint of a warm-up keeps, one for each step size.
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
