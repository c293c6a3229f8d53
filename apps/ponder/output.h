// Checked writes to stdout, and the exit code of an error.
#pragma once

#include <string>
#include <string_view>

#include "ponder/core/status.h"

namespace ponder::app {

/// Writes to stdout. After a failure, nothing more is written: output_broken() then returns true,
/// and output_status() gives the reason.
void write(std::string_view);
/// Writes the text and a line end, and flushes, so that the reader gets everything now.
void write_line(std::string_view);
void flush();
/// True if the reader has gone or writing failed: there is no need to go on.
bool output_broken();
/// Errors: kIo, for example a full disk. A reader that has gone is not an error: the program then
/// ends quietly.
Status output_status();

/// A reply on one line: line ends become \n, other control characters spaces.
std::string one_line(const std::string&);

/// A text of unknown origin with control sequences and bytes that are no UTF-8 spelled out.
std::string shown(const std::string&);

int exit_code(const Error&);  // 1 or 2

}  // namespace ponder::app
