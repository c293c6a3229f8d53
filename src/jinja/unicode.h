// Characters of a string whose bytes may be anything: a byte that is not part of a well-formed
// character counts as one character. White space is that of Python's str.strip().
#pragma once

#include <cstdint>
#include <string_view>

#include "text/utf8.h"

namespace ponder::jinja {

struct Character {
  std::uint32_t code = 0;  // 0x110000 + byte for a stray byte
  std::size_t length = 0;  // bytes
};

inline Character character_at(std::string_view s, std::size_t i) {
  const auto b = [&](std::size_t k) { return static_cast<unsigned char>(s[i + k]); };
  switch (utf8_length(s, i)) {
    case 1:
      return {b(0), 1};
    case 2:
      return {(b(0) & 31u) << 6 | (b(1) & 63u), 2};
    case 3:
      return {(b(0) & 15u) << 12 | (b(1) & 63u) << 6 | (b(2) & 63u), 3};
    case 4:
      return {(b(0) & 7u) << 18 | (b(1) & 63u) << 12 | (b(2) & 63u) << 6 | (b(3) & 63u), 4};
    default:
      return {0x110000u + b(0), 1};
  }
}

/// The character that ends before byte `end` (> 0).
inline Character character_before(std::string_view s, std::size_t end) {
  for (std::size_t n = 1; n <= 4 && n <= end; ++n) {
    if (const Character c = character_at(s.substr(0, end), end - n);
        c.length == n && (n > 1 || c.code < 0x80))
      return c;
  }
  return {0x110000u + static_cast<unsigned char>(s[end - 1]), 1};
}

inline std::size_t n_characters(std::string_view s) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < s.size(); i += character_at(s, i).length) ++n;
  return n;
}

inline bool is_line_break(std::uint32_t c) {
  return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

inline bool is_space(std::uint32_t c) {
  return is_line_break(c) || c == 0x09 || c == 0x1f || c == 0x20 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

}  // namespace ponder::jinja
