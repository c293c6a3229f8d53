// Files that are never seen half-written. Not a log: each call writes the whole file.
#pragma once

#include <string>
#include <string_view>

#include "ponder/status.h"

namespace ponder {

/// Puts `bytes` in the place of the file at `path`, or leaves what was there: they are written to a new file beside it
/// (`path`.PID-N.part), flushed to the disk, and renamed. A symbolic link is followed; permissions stay. Killed at any
/// moment, the old file or the new one is there, and perhaps a .part file.
/// Errors: kInvalid (something at the path that is no regular file), kIo.
Status replace_file(const std::string& path, std::string_view bytes);

/// The error that replace_file would give now, short of what only writing shows: to be asked before hours of work.
/// Removes .part files that killed writers of this file have left.
Status check_replaceable(const std::string& path);

}  // namespace ponder
