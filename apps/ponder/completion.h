// Scripts that complete ponder's commands, flags and their values in a shell, and its man page:
// made from the options as they are registered, so that neither can fall behind them.
#pragma once

#include <string>
#include <vector>

#include "option_table.h"

namespace ponder::app {

/// `shell`: bash, zsh or fish.
std::string completion_script(const std::vector<CommandRow>&, const std::string& shell);

/// In roff, of section 1.
std::string man_page(const std::vector<CommandRow>&, const std::string& version);

}  // namespace ponder::app
