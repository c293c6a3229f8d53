// Makes the shell scripts that complete ponder's commands, flags and values, and the man page, from
// the registered options, so that they are never out of date.
#pragma once

#include <string>
#include <vector>

#include "option_table.h"

namespace ponder::app {

/// `shell`: bash, zsh or fish.
std::string completion_script(const std::vector<CommandRow>&, const std::string& shell);

/// The man page for section 1, in roff.
std::string man_page(const std::vector<CommandRow>&, const std::string& version);

}  // namespace ponder::app
