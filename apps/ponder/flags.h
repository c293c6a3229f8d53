// The spelling of the command line: what is typed before CLI11 reads it, and what is said when it
// cannot be read. The options themselves are registered where their commands are.
#pragma once

#include <string>
#include <vector>

#include "ponder/core/status.h"

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace ponder::app {

/// The arguments as CLI11 takes them, last first, with -sys and -no-cnv by their long names.
/// Errors: kInvalid for any other single dash with several letters that is not a number glued to a
/// flag, as -n5: CLI11 2.1 reads -hf as -h -f.
Result<std::vector<std::string>> spelled_arguments(int argc, char** argv, const CLI::App&);

/// Says on stderr what CLI11 could not read, and the next step. Returns the exit code.
int usage_error(const CLI::App&, const CLI::Error&);

}  // namespace ponder::app
