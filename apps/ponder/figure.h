// A number as people read it in a column: fixed decimals, and a dash where there is no number. Not
// JSON, where such a number is null.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace ponder::app {

/// x with so many decimals, at the right of `width` columns; "—" where it is infinite or none.
inline std::string figure(double x, int decimals, int width = 0) {
  if (std::isfinite(x)) return fmt::format("{:>{}.{}f}", x, width, decimals);
  return fmt::format("{:>{}}", "—", width);
}

}  // namespace ponder::app
