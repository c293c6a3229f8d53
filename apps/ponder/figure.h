// Prints a number for a column of text: with fixed decimals, or as a dash if it is not finite. Not
// for JSON, where such a number is null.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace ponder::app {

/// x with so many decimals, right-aligned in `width` columns; "—" if x is infinite or NaN.
inline std::string figure(double x, int decimals, int width = 0) {
  if (std::isfinite(x)) return fmt::format("{:>{}.{}f}", x, width, decimals);
  return fmt::format("{:>{}}", "—", width);
}

}  // namespace ponder::app
