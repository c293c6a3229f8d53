// log of a sum of exponentials, for weights kept as logarithms.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace ponder {

/// -inf when x is empty or all entries are -inf; NaN when an entry is NaN.
inline double log_sum_exp(std::span<const double> x) {
  double max = -std::numeric_limits<double>::infinity(), sum = 0;
  for (double v : x) {
    if (std::isnan(v)) return v;
    max = std::max(max, v);
  }
  if (std::isinf(max)) return max;
  for (double v : x) sum += std::exp(v - max);
  return max + std::log(sum);
}

}  // namespace ponder
