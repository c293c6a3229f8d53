// The version of ponder. No other file states it: the build and the package read it here.
#pragma once

#include <string_view>

namespace ponder {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace ponder
