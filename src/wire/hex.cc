// Converts hexadecimal digits to bytes and back.
#include "wire/hex.h"

#include <cctype>

#include "text/utf8.h"

namespace ponder {

Result<std::string> from_hex(std::string_view h) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string bytes;
  for (std::size_t i = 0; i < h.size(); ++i) {
    const std::size_t digit =
        kDigits.find(static_cast<char>(std::tolower(static_cast<unsigned char>(h[i]))));
    if (digit == std::string_view::npos || h.size() % 2 != 0)
      return Error{Code::kInvalid, "pairs of hexadecimal digits",
                   "'" + std::string(h.substr(0, 40)) + "'", "\"hex\"", ""};
    if (i % 2 == 0)
      bytes += static_cast<char>(digit * 16);
    else
      bytes.back() = static_cast<char>(static_cast<unsigned char>(bytes.back()) + digit);
  }
  return bytes;
}

std::string to_hex(std::string_view s) {
  std::string h;
  for (const char c : s) {
    const auto byte = static_cast<unsigned char>(c);
    h += "0123456789abcdef"[byte >> 4];
    h += "0123456789abcdef"[byte & 15];
  }
  return h;
}

bool is_utf8(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    const int n = utf8_length(s, i);
    if (n == 0) return false;
    i += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace ponder
