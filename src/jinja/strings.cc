// String methods. Letters change case one by one (utf8proc's simple mappings; of the special
// mappings only ß to SS).
#include "jinja/strings.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "jinja/unicode.h"

namespace ponder::jinja {
namespace {

Text part(const Text& t, std::size_t begin, std::size_t end) {
  Text out;
  out.append(t, begin, end);
  return out;
}

bool is_letter(std::uint32_t c) {
  if (c > 0x10ffff) return false;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_digit_of_any_script(std::uint32_t c) {
  return c <= 0x10ffff &&
         utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ND;
}

void append_in_case(Text& out, const Text& t, std::size_t i, Character c, Case to) {
  if (c.code > 0x10ffff) return out.append(t, i, i + c.length);
  std::string s;
  if (c.code == 0xdf && to == Case::kUpper) {
    s = "SS";
  } else {
    const auto code = static_cast<utf8proc_int32_t>(c.code);
    append_utf8(s, static_cast<std::uint32_t>(to == Case::kUpper ? utf8proc_toupper(code)
                                                                 : utf8proc_tolower(code)));
  }
  out.append(s, t.from_user(i));
}

// Converts every character to upper case where `starts(previous)` is true, to lower case elsewhere;
// previous is 0 at the start.
template <class F>
Text title(const Text& t, const F& starts) {
  Text out;
  std::uint32_t previous = 0;
  for (std::size_t i = 0; i < t.bytes.size();) {
    const Character c = character_at(t.bytes, i);
    append_in_case(out, t, i, c, starts(previous) ? Case::kUpper : Case::kLower);
    previous = c.code;
    i += c.length;
  }
  return out;
}

// Adds a field and charges the budget for it.
void add_field(Budget& budget, std::vector<Text>& out, const Text& t, std::size_t begin,
               std::size_t end) {
  budget.work();
  budget.make(sizeof(Text));
  out.push_back(part(t, begin, end));
}

std::vector<Text> split_space(Budget& budget, const Text& t, std::int64_t max_splits) {
  std::vector<Text> out;
  const std::string& s = t.bytes;
  std::size_t i = 0;
  while (true) {
    for (Character c; i < s.size() && is_space((c = character_at(s, i)).code);) i += c.length;
    if (i == s.size()) return out;
    std::size_t end = i;
    const bool rest = max_splits >= 0 && static_cast<std::int64_t>(out.size()) == max_splits;
    for (Character c; end < s.size() && (rest || !is_space((c = character_at(s, end)).code));) {
      end += rest ? s.size() - end : c.length;
    }
    add_field(budget, out, t, i, end);
    i = end;
  }
}

std::vector<Text> split_space_right(Budget& budget, const Text& t, std::int64_t max_splits) {
  std::vector<Text> out;
  const std::string& s = t.bytes;
  std::size_t end = s.size();
  while (true) {
    for (Character c; end > 0 && is_space((c = character_before(s, end)).code);) end -= c.length;
    if (end == 0) break;
    std::size_t begin = end;
    const bool rest = max_splits >= 0 && static_cast<std::int64_t>(out.size()) == max_splits;
    for (Character c; begin > 0 && (rest || !is_space((c = character_before(s, begin)).code));) {
      begin -= rest ? begin : c.length;
    }
    add_field(budget, out, t, begin, end);
    end = begin;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

std::size_t find_text(std::string_view s, std::string_view part, std::size_t from) {
  if (from > s.size()) return s.npos;
  if (part.empty()) return from;
  // memmem takes linear time, which std::string::find does not.
  const void* p = memmem(s.data() + from, s.size() - from, part.data(), part.size());
  return p ? static_cast<std::size_t>(static_cast<const char*>(p) - s.data()) : s.npos;
}

std::size_t find_last_text(std::string_view s, std::string_view part) {
  const std::string a(s.rbegin(), s.rend()), b(part.rbegin(), part.rend());
  const std::size_t i = find_text(a, b);
  return i == s.npos ? i : s.size() - i - part.size();
}

Text strip(Budget& budget, const Text& t, Side side, const Text* characters) {
  std::vector<std::uint32_t> set;
  for (std::size_t i = 0; characters && i < characters->bytes.size();) {
    const Character c = character_at(characters->bytes, i);
    set.push_back(c.code);
    i += c.length;
  }
  std::sort(set.begin(), set.end());
  budget.work(t.bytes.size() + set.size());
  const auto goes = [&](std::uint32_t c) {
    return characters ? std::binary_search(set.begin(), set.end(), c) : is_space(c);
  };
  std::size_t begin = 0, end = t.bytes.size();
  for (Character c;
       side != Side::kRight && begin < end && goes((c = character_at(t.bytes, begin)).code);) {
    begin += c.length;
  }
  for (Character c;
       side != Side::kLeft && end > begin && goes((c = character_before(t.bytes, end)).code);) {
    end -= c.length;
  }
  return part(t, begin, end);
}

std::vector<Text> split(Budget& budget, const Text& t, const Text* separator,
                        std::int64_t max_splits) {
  budget.work(t.bytes.size());
  if (!separator) return split_space(budget, t, max_splits);
  if (separator->bytes.empty()) fail("a separator that is not empty", "''");
  std::vector<Text> out;
  std::size_t begin = 0;
  for (; max_splits < 0 || static_cast<std::int64_t>(out.size()) < max_splits;) {
    const std::size_t at = find_text(t.bytes, separator->bytes, begin);
    if (at == std::string::npos) break;
    add_field(budget, out, t, begin, at);
    budget.work(separator->bytes.size());
    begin = at + separator->bytes.size();
  }
  add_field(budget, out, t, begin, t.bytes.size());
  return out;
}

std::vector<Text> split_right(Budget& budget, const Text& t, const Text* separator,
                              std::int64_t max_splits) {
  budget.work(t.bytes.size());
  if (!separator) return split_space_right(budget, t, max_splits);
  if (separator->bytes.empty()) fail("a separator that is not empty", "''");
  // Searching from the end is searching the reversed bytes from the start.
  const std::string s(t.bytes.rbegin(), t.bytes.rend()),
      sep(separator->bytes.rbegin(), separator->bytes.rend());
  budget.make(s.size());
  std::vector<Text> out;
  std::size_t begin = 0;
  const std::size_t n = s.size();
  for (; max_splits < 0 || static_cast<std::int64_t>(out.size()) < max_splits;) {
    const std::size_t at = find_text(s, sep, begin);
    if (at == std::string::npos) break;
    add_field(budget, out, t, n - at, n - begin);
    budget.work(sep.size());
    begin = at + sep.size();
  }
  add_field(budget, out, t, 0, n - begin);
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<Text> split_lines(Budget& budget, const Text& t, bool keep_ends) {
  std::vector<Text> out;
  const std::string& s = t.bytes;
  budget.work(s.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < s.size();) {
    const Character c = character_at(s, i);
    std::size_t next = i + c.length;
    if (is_line_break(c.code)) {
      if (c.code == '\r' && next < s.size() && s[next] == '\n') ++next;
      add_field(budget, out, t, begin, keep_ends ? next : i);
      begin = next;
    }
    i = next;
  }
  if (begin < s.size()) add_field(budget, out, t, begin, s.size());
  return out;
}

Text replace(Budget& budget, const Text& t, const Text& from, const Text& to,
             std::int64_t max_count) {
  budget.work(t.bytes.size());
  const std::string& s = t.bytes;
  const std::size_t cost = to.bytes.size() + to.user.size() * sizeof(ByteRange);
  Text out;
  std::size_t begin = 0, search = 0;  // copied up to `begin`
  for (std::int64_t n = 0; max_count < 0 || n < max_count; ++n) {
    const std::size_t at = find_text(s, from.bytes, search);
    if (at == std::string::npos) break;
    budget.make(cost);
    budget.work(from.bytes.size());
    out.append(t, begin, at);
    out.append(to);
    begin = at + from.bytes.size();
    search = begin;
    if (!from.bytes.empty()) continue;
    if (at == s.size()) break;
    search = at + character_at(s, at)
                      .length;  // an empty string is found before every character and at the end
  }
  out.append(t, begin, s.size());
  return out;
}

Text to_case(const Text& t, Case to) {
  Text out;
  for (std::size_t i = 0; i < t.bytes.size();) {
    const Character c = character_at(t.bytes, i);
    append_in_case(out, t, i, c, to);
    i += c.length;
  }
  return out;
}

Text capitalize(const Text& t) {
  return title(t, [](std::uint32_t previous) { return previous == 0; });
}

Text title_letters(const Text& t) {
  return title(t, [](std::uint32_t previous) { return !is_letter(previous); });
}

Text title_words(const Text& t) {
  return title(t, [](std::uint32_t previous) {
    return previous == 0 || is_space(previous) ||
           (previous < 128 && std::strchr("-({[<", static_cast<int>(previous)));
  });
}

Text escape_html(const Text& t) {
  if (t.safe) return t;
  Text out;
  out.safe = true;
  for (std::size_t i = 0; i < t.bytes.size(); ++i) {
    const char c = t.bytes[i];
    const std::string_view entity = c == '&'    ? "&amp;"
                                    : c == '<'  ? "&lt;"
                                    : c == '>'  ? "&gt;"
                                    : c == '"'  ? "&#34;"
                                    : c == '\'' ? "&#39;"
                                                : "";
    if (entity.empty()) {
      out.append(t, i, i + 1);
    } else {
      out.append(entity, t.from_user(i));
    }
  }
  return out;
}

bool is_all(const Text& t, std::string_view what) {
  bool any = false;
  for (std::size_t i = 0; i < t.bytes.size();) {
    const Character c = character_at(t.bytes, i);
    i += c.length;
    const auto code = static_cast<utf8proc_int32_t>(c.code);
    const bool valid = c.code <= 0x10ffff, upper = valid && utf8proc_isupper(code),
               lower = valid && utf8proc_islower(code);
    if (what == "isupper" || what == "islower") {
      if (what == "isupper" ? lower : upper) return false;
      any |= upper || lower;
      continue;
    }
    const bool yes = what == "isdigit"   ? is_digit_of_any_script(c.code)
                     : what == "isspace" ? is_space(c.code)
                     : what == "isalpha" ? is_letter(c.code)
                                         : is_letter(c.code) || is_digit_of_any_script(c.code);
    if (!yes) return false;
    any = true;
  }
  return any;
}

}  // namespace ponder::jinja
