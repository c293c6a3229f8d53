// What --help and --help-all print.
#pragma once

#include <memory>

namespace CLI {
class FormatterBase;
}

namespace ponder::app {

/// --help: a screen of 80 columns and 24 lines with the flags that are used most; --help-all:
/// everything.
std::shared_ptr<CLI::FormatterBase> help_formatter();

}  // namespace ponder::app
