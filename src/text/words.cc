// Word boundaries by general category, on whole grapheme clusters: a simple form of Unicode's
// annex 29.
#include "text/words.h"

#include <utf8proc.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "text/utf8.h"

namespace ponder {
namespace {

enum class Kind { kLetter, kDigit, kAlone, kOther };

// A cluster: a base character with the marks and joiners that belong to it.
struct Cluster {
  std::string text;
  Kind kind;
};

// Letters of scripts that do not put spaces between words.
bool stands_alone(utf8proc_int32_t c) {
  struct Range {
    utf8proc_int32_t first, last;
  };
  constexpr Range kRanges[]{{0x0e00, 0x0eff},     // Thai, Lao
                            {0x1000, 0x109f},     // Burmese
                            {0x1780, 0x17ff},     // Khmer
                            {0x3005, 0x3007},     // ideographic iteration mark, closing mark, zero
                            {0x3040, 0x30ff},     // hiragana, katakana
                            {0x31f0, 0x31ff},     // small katakana
                            {0x3400, 0x4dbf},     // Han
                            {0x4e00, 0x9fff},     // Han
                            {0xf900, 0xfaff},     // Han
                            {0x20000, 0x3ffff}};  // Han
  for (const Range& r : kRanges)
    if (c >= r.first && c <= r.last) return true;
  return false;
}

Kind kind_of(utf8proc_int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return stands_alone(c) ? Kind::kAlone : Kind::kLetter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Kind::kDigit;
    case UTF8PROC_CATEGORY_SO:  // includes emoji
      return c == 0xfffd ? Kind::kOther : Kind::kAlone;
    default:
      return Kind::kOther;
  }
}

std::string mapped(std::string_view text, int how) {
  const std::string in = well_formed(text);
  utf8proc_uint8_t* out = nullptr;
  const auto n = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(in.data()),
                              static_cast<utf8proc_ssize_t>(in.size()), &out,
                              static_cast<utf8proc_option_t>(how));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(out, &std::free);
  return n < 0 ? in : std::string(reinterpret_cast<const char*>(out), static_cast<std::size_t>(n));
}

// NFKC, case folded.
std::string folded(std::string_view text) {
  return mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
}

std::vector<Cluster> clusters_of(const std::string& s) {
  std::vector<Cluster> all;
  utf8proc_int32_t last = -1, state = 0;
  for (std::size_t i = 0; i < s.size();) {
    utf8proc_int32_t c = 0;
    const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(s.data()) + i,
                                    static_cast<utf8proc_ssize_t>(s.size() - i), &c);
    if (n <= 0) break;  // impossible, since the text is well formed
    if (last < 0 || utf8proc_grapheme_break_stateful(last, c, &state))
      all.push_back({c == 0x2019 ? "'" : s.substr(i, n), kind_of(c)});
    else
      all.back().text.append(s, i, n);
    last = c;
    i += static_cast<std::size_t>(n);
  }
  return all;
}

// True if the sign belongs to the word around it.
bool joins(const std::vector<Cluster>& c, std::size_t i) {
  if (i == 0 || i + 1 >= c.size()) return false;
  const Kind before = c[i - 1].kind, after = c[i + 1].kind;
  if (c[i].text == "'") return before == Kind::kLetter && after == Kind::kLetter;
  return (c[i].text == "." || c[i].text == ",") && before == Kind::kDigit && after == Kind::kDigit;
}

}  // namespace

std::vector<Word> words_of(std::string_view text) {
  const std::vector<Cluster> clusters = clusters_of(folded(text));
  std::vector<Word> words;
  bool open = false;
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    const Cluster& c = clusters[i];
    if (c.kind == Kind::kAlone) {
      words.push_back({c.text, true});
      open = false;
    } else if (c.kind != Kind::kOther || (open && joins(clusters, i))) {
      if (open)
        words.back().text += c.text;
      else
        words.push_back({c.text, false});
      open = true;
    } else {
      open = false;
    }
  }
  return words;
}

std::vector<std::string> word_texts(std::string_view text) {
  std::vector<std::string> texts;
  for (Word& w : words_of(text)) texts.push_back(std::move(w.text));
  return texts;
}

std::string with_other_case(std::string_view text) {
  const auto bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  utf8proc_int32_t c = 0;
  const auto n = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &c);
  if (n <= 0) return std::string(text);
  const auto upper = utf8proc_toupper(c), other = upper != c ? upper : utf8proc_tolower(c);
  std::array<utf8proc_uint8_t, 4> out{};
  const auto m = utf8proc_encode_char(other, out.data());
  return std::string(out.begin(), out.begin() + m) +
         std::string(text.substr(static_cast<std::size_t>(n)));
}

std::string without_marks(std::string_view text) {
  return mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_STRIPMARK);
}

bool has_content(std::string_view text) {
  const std::string s = well_formed(text);
  for (std::size_t i = 0; i < s.size();) {
    utf8proc_int32_t c = 0;
    const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(s.data()) + i,
                                    static_cast<utf8proc_ssize_t>(s.size() - i), &c);
    if (n <= 0) break;
    const auto category = utf8proc_category(c);
    const bool symbol =
        category >= UTF8PROC_CATEGORY_SM && category <= UTF8PROC_CATEGORY_SO && c != 0xfffd;
    if (symbol || kind_of(c) != Kind::kOther) return true;
    i += static_cast<std::size_t>(n);
  }
  return false;
}

}  // namespace ponder
