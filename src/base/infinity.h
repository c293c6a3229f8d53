// Infinity in the types of log-probabilities, under one short name.
// Not a policy of what is infinite.
#pragma once

#include <limits>

namespace ponder {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr float kFloatInf = std::numeric_limits<float>::infinity();

}  // namespace ponder
