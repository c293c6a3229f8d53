// The text of --help and --help-all.
#pragma once

#include <memory>

namespace CLI {
class FormatterBase;
}

namespace ponder::app {

/// --help prints a screen of 80 columns and 24 lines with the most used flags; --help-all prints
/// everything.
std::shared_ptr<CLI::FormatterBase> help_formatter();

}  // namespace ponder::app
