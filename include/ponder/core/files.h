// Reading and writing of whole files: bytes, arrays for NumPy and traces for ArviZ. Not logs: each
// call reads or writes all of a file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/chains/trace.h"
#include "ponder/core/status.h"

namespace ponder {

/// Returns a file's bytes. Errors: kNotFound.
Result<std::string> read_file(const std::string& path);

/// Replaces the file at `path` by `bytes`, or leaves it unchanged on an error: the bytes are
/// written to a new file beside it (`path`.PID-N.part), flushed to the disk, and renamed. A
/// symbolic link is followed; permissions stay. If the process is killed at any moment, either the
/// old or the new file exists, and perhaps a .part file. Errors: kInvalid (the path is not that of
/// a regular file), kIo.
Status replace_file(const std::string& path, std::string_view bytes);

/// Returns the error that replace_file would give now, as far as it can be known without writing,
/// so that a caller can ask before hours of work. Removes .part files that killed writers of this
/// file have left.
Status check_replaceable(const std::string& path);

/// Writes an array as .npy (NumPy format version 1.0): little-endian float32, C order. Errors: kIo
/// (cannot be opened or written; the disk is full).
Status write_npy(const std::string& path, std::span<const float> values,
                 const std::vector<std::int64_t>& shape);

/// Writes a trace as a NetCDF-4 file that ArviZ opens (0.23 as InferenceData, 1.x as a DataTree):
/// groups `posterior` and `sample_stats`, every variable (chain, draw, …) with coordinates.
/// posterior has the columns, `tokens` (chain, draw, token), int32, -1 after the end, and `length`
/// (chain, draw), the end token counted. The file at `path` is replaced completely or not at all.
/// Source: "InferenceData schema specification" of ArviZ. Errors: kInvalid (no draws, columns of
/// different shapes, a name taken twice or not allowed), kResource, kIo.
Status write_netcdf(const Trace&, const std::string& path);

}  // namespace ponder
