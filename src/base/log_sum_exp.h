// log of a sum of exponentials, for weights kept as logarithms.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace ponder {

/// log sum_v exp(alpha x_v), with alpha >= 0. -inf when x is empty or all entries are -inf, which
/// count as exp = 0 for every alpha; NaN when an entry is NaN.
inline double log_sum_exp(std::span<const double> x, double alpha = 1) {
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  double max = kNone, sum = 0;
  for (double v : x) {
    if (std::isnan(v)) return v;
    max = std::max(max, v == kNone ? kNone : alpha * v);
  }
  if (std::isinf(max)) return max;
  for (double v : x)
    if (v != kNone) sum += std::exp(alpha * v - max);
  return max + std::log(sum);
}

}  // namespace ponder
