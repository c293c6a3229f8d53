// Decomposition and composition by utf8proc; the marks of a character are sorted here, because
// utf8proc's own order takes time quadratic in their number.
#include "text/nfc.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "text/utf8.h"

namespace ponder {
namespace {

constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);

int combining_class(utf8proc_int32_t c) { return utf8proc_get_property(c)->combining_class; }

void append_decomposed(utf8proc_int32_t c, std::vector<utf8proc_int32_t>& out) {
  utf8proc_int32_t parts[8];  // Unicode's longest canonical decomposition has 4 code points
  int last_class = 0;
  const auto n = utf8proc_decompose_char(c, parts, std::size(parts), kOptions, &last_class);
  PONDER_CHECK(n >= 0 && n <= static_cast<utf8proc_ssize_t>(std::size(parts)));
  out.insert(out.end(), parts, parts + n);
}

// Sorts runs of marks by class, stably.
void sort_marks(std::vector<utf8proc_int32_t>& s) {
  for (auto begin = s.begin(); begin != s.end();) {
    begin = std::find_if(begin, s.end(), [](auto c) { return combining_class(c) != 0; });
    const auto end = std::find_if(begin, s.end(), [](auto c) { return combining_class(c) == 0; });
    std::stable_sort(begin, end,
                     [](auto a, auto b) { return combining_class(a) < combining_class(b); });
    begin = end;
  }
}

void flush(std::vector<utf8proc_int32_t>& s, std::string& out) {
  sort_marks(s);
  const auto n =
      utf8proc_normalize_utf32(s.data(), static_cast<utf8proc_ssize_t>(s.size()), kOptions);
  PONDER_CHECK(n >= 0);
  for (utf8proc_ssize_t i = 0; i < n; ++i) append_utf8(out, static_cast<std::uint32_t>(s[i]));
  s.clear();
}

}  // namespace

bool surely_nfc(std::string_view text) {
  // Every character below U+0300, whose first byte is 0xcc, is its own normal form, and none of
  // them is a mark.
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0xcc; });
}

std::string to_nfc(std::string_view text) {
  std::string out;
  std::vector<utf8proc_int32_t> run;
  for (std::size_t i = 0; i < text.size();) {
    const int n = utf8_length(text, i);
    if (n == 0) {
      flush(run, out);
      out += text[i++];
      continue;
    }
    utf8proc_int32_t c = 0;
    utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + i), n, &c);
    append_decomposed(c, run);
    i += static_cast<std::size_t>(n);
  }
  flush(run, out);
  return out;
}

}  // namespace ponder
