// The spelling of the command line: prepares the arguments before CLI11 reads them, and reports
// arguments that it cannot read. The options themselves are registered with their commands.
#pragma once

#include <string>
#include <vector>

#include "ponder/core/status.h"

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace ponder::app {

/// The arguments as CLI11 takes them, last one first, with -sys and -no-cnv replaced by their long
/// names. Errors: kInvalid for any other single dash with several letters, except a number glued to
/// a flag, such as -n5. (CLI11 2.1 would read -hf as -h -f.)
Result<std::vector<std::string>> spelled_arguments(int argc, char** argv, const CLI::App&);

/// Reports on stderr what CLI11 could not read, and suggests the next step. Returns the exit code.
int usage_error(const CLI::App&, const CLI::Error&);

}  // namespace ponder::app
