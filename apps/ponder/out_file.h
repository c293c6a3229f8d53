// What a long run writes its results to: never over those of an earlier run, unless it is told to.
#pragma once

#include <string>

namespace ponder::app {

/// Fails where `path` exists and `force` was not given, and where it cannot be written. `flag`: what names the file;
/// `resume`: the command could go on with it instead.
void check_out(const std::string& path, const std::string& flag, bool force, bool resume = false);

}  // namespace ponder::app
