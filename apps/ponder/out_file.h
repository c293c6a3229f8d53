// Checks for output files: a run never overwrites the results of an earlier run unless it is told
// to.
#pragma once

#include <string>

#include "ponder/core/status.h"

namespace ponder::app {

/// flag: the option that names the file; resume: the command could resume with the file instead.
/// Errors: kInvalid (`path` exists and `force` was not given); those of check_replaceable.
Status check_out(const std::string& path, const std::string& flag, bool force, bool resume = false);

/// Makes a folder for output if it does not exist. Errors: kIo.
Status make_folder(const std::string& path);

}  // namespace ponder::app
