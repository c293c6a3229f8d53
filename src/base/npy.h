// Writing of .npy files (NumPy format version 1.0): little-endian float32, C order. Not a reader.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ponder/status.h"

namespace ponder {

/// Errors: kIo (cannot be opened or written; the disk is full).
Status write_npy(const std::string& path, std::span<const float> values, const std::vector<std::int64_t>& shape);

}  // namespace ponder
