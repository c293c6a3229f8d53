// What a long run writes its results to: never over those of an earlier run, unless it is told to.
#pragma once

#include <string>

#include "ponder/core/status.h"

namespace ponder::app {

/// `flag`: what names the file; `resume`: the command could go on with it instead. Errors: kInvalid
/// where `path` exists and `force` was not given; those of check_replaceable.
Status check_out(const std::string& path, const std::string& flag, bool force, bool resume = false);

/// Makes a folder for output where there is none. Errors: kIo.
Status make_folder(const std::string& path);

}  // namespace ponder::app
