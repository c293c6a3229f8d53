// Bytes as pairs of hexadecimal digits, for bytes that are not text.
#pragma once

#include <string>
#include <string_view>

#include "ponder/core/status.h"

namespace ponder {

/// Accepts both cases. Errors: kInvalid (anything but pairs of hexadecimal digits).
Result<std::string> from_hex(std::string_view);
std::string to_hex(std::string_view);
bool is_utf8(std::string_view);

}  // namespace ponder
