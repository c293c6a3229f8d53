// Bytes that are no text, as pairs of hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

#include "ponder/core/status.h"

namespace ponder {

/// Errors: kInvalid (anything but pairs of digits).
Result<std::string> from_hex(std::string_view);
std::string to_hex(std::string_view);
bool is_utf8(std::string_view);

}  // namespace ponder
