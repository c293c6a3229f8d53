// Adam: steps along the running mean of a gradient, each coordinate scaled by its running size.
// Kingma and Ba 2015.
#pragma once

#include <cmath>
#include <span>
#include <vector>

namespace ponder {

template <class T>
class Adam {
 public:
  Adam(std::size_t n, double rate) : rate_(rate), mean_(n), square_(n) {}
  /// Adds a step up the gradient to x.
  void ascend(std::span<const T> gradient, std::span<T> x) {
    constexpr double kMean = 0.9, kSquare = 0.999, kFloor = 1e-8;
    ++n_;
    const double mean_weight = 1 - std::pow(kMean, n_), square_weight = 1 - std::pow(kSquare, n_);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double g = gradient[i];
      mean_[i] = static_cast<T>(kMean * mean_[i] + (1 - kMean) * g);
      square_[i] = static_cast<T>(kSquare * square_[i] + (1 - kSquare) * g * g);
      x[i] += static_cast<T>(rate_ * (mean_[i] / mean_weight) /
                             (std::sqrt(square_[i] / square_weight) + kFloor));
    }
  }

 private:
  double rate_;
  std::vector<T> mean_, square_;
  int n_ = 0;
};

}  // namespace ponder
