// What goes to stdout: checked writes, and the exit code of an error.
#pragma once

#include <string>
#include <string_view>

#include "ponder/core/status.h"

namespace ponder::app {

/// Writes to stdout. After a failure nothing more is written: output_broken() says so,
/// output_status() why.
void write(std::string_view);
/// The text, a line end, and what was written before: to the reader, now.
void write_line(std::string_view);
void flush();
/// Nobody reads any more, or nothing can be written: there is no need to go on.
bool output_broken();
/// Errors: kIo, e.g. a full disk. A reader that has gone is no error: the program ends quietly.
Status output_status();

/// A reply on one line: control characters shown as escapes or spaces.
std::string one_line(const std::string&);

int exit_code(const Error&);  // 1 or 2

}  // namespace ponder::app
