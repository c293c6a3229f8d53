// UTF-8 for arbitrary bytes: the length of the next well-formed character, encoding of a code
// point.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ponder {

/// Number of bytes of the well-formed character at s[i], 0 when there is none (RFC 3629: no
/// overlong forms, no surrogates).
inline int utf8_length(std::string_view s, std::size_t i) {
  const auto byte = [&](std::size_t k) {
    return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u;
  };
  const unsigned a = byte(i), b = byte(i + 1);
  const auto tail = [](unsigned c) { return (c & 0xc0) == 0x80; };
  if (a < 0x80) return i < s.size() ? 1 : 0;
  if (a >= 0xc2 && a <= 0xdf) return tail(b) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    if (!tail(b) || !tail(byte(i + 2)) || (a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f))
      return 0;
    return 3;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    if (!tail(b) || !tail(byte(i + 2)) || !tail(byte(i + 3)) || (a == 0xf0 && b < 0x90) ||
        (a == 0xf4 && b > 0x8f))
      return 0;
    return 4;
  }
  return 0;
}

inline void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 63));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 63));
    out += static_cast<char>(0x80 | (c & 63));
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 63));
    out += static_cast<char>(0x80 | ((c >> 6) & 63));
    out += static_cast<char>(0x80 | (c & 63));
  }
}

/// The text with U+FFFD in place of each byte that belongs to no character.
inline std::string well_formed(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size();) {
    const int n = utf8_length(s, i);
    if (n > 0)
      out.append(s.substr(i, static_cast<std::size_t>(n)));
    else
      append_utf8(out, 0xfffd);
    i += n > 0 ? static_cast<std::size_t>(n) : 1;
  }
  return out;
}

/// Number of bytes at the end of the text, at most three, that more bytes may complete to a
/// character.
inline std::size_t open_character(std::string_view s) {
  for (std::size_t back = 1; back <= 3 && back <= s.size(); ++back) {
    const auto c = static_cast<unsigned char>(s[s.size() - back]);
    if ((c & 0xc0) == 0x80) continue;
    const std::size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace ponder
