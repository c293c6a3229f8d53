// Digits are read within a piece; number words across pieces.
#include "answer/numbers.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <string_view>
#include <utility>

namespace ponder {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits from i on, with separators of thousands: "1,234" and "1 234" are not the same here,
// since a space parts pieces. `i` moves behind them.
std::string whole_part(std::string_view s, std::size_t& i) {
  std::string digits;
  while (i < s.size() && is_digit(s[i])) digits += s[i++];
  const auto group = [&](std::size_t at) {
    for (std::size_t k = 1; k <= 3; ++k)
      if (at + k >= s.size() || !is_digit(s[at + k])) return false;
    return at + 4 >= s.size() || !is_digit(s[at + 4]);
  };
  if (digits.empty() || digits.size() > 3) return digits;
  for (const char separator : {',', '\''})
    while (i < s.size() && s[i] == separator && group(i)) {
      digits += s.substr(i + 1, 3);
      i += 4;
    }
  return digits;
}

std::string plain(std::string whole, std::string decimals, bool negative) {
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  if (whole.empty()) whole = "0";
  const std::size_t last = decimals.find_last_not_of('0');
  decimals.resize(last == std::string::npos ? 0 : last + 1);
  if (whole == "0" && decimals.empty()) return "0";
  return (negative ? "-" : "") + whole + (decimals.empty() ? "" : "." + decimals);
}

void numbers_in(std::string_view s, std::size_t piece, std::vector<NumberInText>& out) {
  for (std::size_t i = 0; i < s.size();) {
    const bool point = s[i] == '.' && i + 1 < s.size() && is_digit(s[i + 1]);
    const bool inside = i > 0 && std::isalnum(static_cast<unsigned char>(s[i - 1]));
    if (!is_digit(s[i]) && !(point && !inside)) {
      ++i;
      continue;
    }
    // A minus between two numbers ("5-7") is none.
    std::size_t before = i;
    if (before > 0 && s[before - 1] == '$') --before;
    const bool minus = before > 0 && s[before - 1] == '-';
    const bool negative =
        minus && (before == 1 || !std::isalnum(static_cast<unsigned char>(s[before - 2])));
    const std::string whole = whole_part(s, i);
    std::string decimals;
    if (i + 1 < s.size() && s[i] == '.' && is_digit(s[i + 1]))
      for (++i; i < s.size() && is_digit(s[i]);) decimals += s[i++];
    std::string value = plain(whole, decimals, negative);
    if (i + 1 < s.size() && s[i] == '/' && is_digit(s[i + 1]) && decimals.empty()) {
      std::string below;
      for (++i; i < s.size() && is_digit(s[i]);) below += s[i++];
      value += "/" + plain(below, "", false);
    }
    out.push_back({std::move(value), piece + 1});
  }
}

// The value of a number word below a hundred; -1: it is none.
int small_value(std::string_view w) {
  constexpr std::array<std::string_view, 20> kOnes{
      "zero",     "one",     "two",     "three",     "four",     "five",    "six",
      "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
      "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  constexpr std::array<std::string_view, 8> kTens{"twenty", "thirty",  "forty",  "fifty",
                                                  "sixty",  "seventy", "eighty", "ninety"};
  for (std::size_t i = 0; i < kOnes.size(); ++i)
    if (kOnes[i] == w) return static_cast<int>(i);
  for (std::size_t i = 0; i < kTens.size(); ++i)
    if (kTens[i] == w) return static_cast<int>(20 + 10 * i);
  return -1;
}

long long scale_of(std::string_view w) {
  return w == "hundred"    ? 100
         : w == "thousand" ? 1000
         : w == "million"  ? 1'000'000
         : w == "billion"  ? 1'000'000'000
                           : 0;
}

bool is_number_word(std::string_view w) { return small_value(w) >= 0 || scale_of(w) > 0; }

// A value of digits times a scale; a fraction stays as it is.
std::string scaled(const std::string& value, long long scale) {
  if (value.find('/') != std::string::npos) return value;
  const std::size_t point = value.find('.');
  std::string digits = value, decimals;
  if (point != std::string::npos) {
    digits = value.substr(0, point);
    decimals = value.substr(point + 1);
  }
  for (; scale > 1; scale /= 10) {
    digits += decimals.empty() ? '0' : decimals[0];
    if (!decimals.empty()) decimals.erase(0, 1);
  }
  const bool negative = digits[0] == '-';
  return plain(digits.substr(negative ? 1 : 0), decimals, negative);
}

// A run of number words as one number: "two thousand three hundred and five".
class SpelledNumber {
 public:
  // False: the word does not go on with it ("three four").
  bool add(std::string_view w) {
    if (const int v = small_value(w); v >= 0) {
      if (after_small_ && !(last_ >= 20 && v > 0 && v < 10)) return false;
      below_ += last_ = v;
      after_small_ = true;
    } else {
      const long long scale = scale_of(w);
      const bool fits = scale == 100 ? below_ < 100 : scale < last_scale_;
      if (scale == 0 || !fits || (below_ == 0 && any_)) return false;
      if (below_ == 0) below_ = 1;
      if (scale == 100) {
        below_ *= 100;
      } else {
        sum_ += below_ * scale;
        below_ = 0;
        last_scale_ = scale;
      }
      after_small_ = false;
    }
    return any_ = true;
  }
  bool any() const { return any_; }
  long long value() const { return sum_ + below_; }

 private:
  long long sum_ = 0, below_ = 0;
  long long last_scale_ = std::numeric_limits<long long>::max();  // scales fall: "million thousand"
  int last_ = 0;
  bool any_ = false, after_small_ = false;
};

}  // namespace

bool continues_number(const Piece& p) {
  return !p.words.empty() && (is_number_word(p.words[0]) || p.words[0] == "and");
}

std::vector<NumberInText> numbers_of(const std::vector<Piece>& pieces) {
  std::vector<NumberInText> out;
  SpelledNumber spelled;
  std::size_t end = 0;
  const auto close = [&] {
    if (spelled.any()) out.push_back({std::to_string(spelled.value()), end});
    spelled = {};
  };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& p = pieces[i];
    if (p.text.find_first_of("0123456789") != std::string_view::npos) {
      close();
      numbers_in(p.text, i, out);
      continue;
    }
    if (p.words.empty()) close();
    for (const std::string& w : p.words) {
      const bool right_after_digits = !spelled.any() && !out.empty() && out.back().end_piece == i;
      if (right_after_digits && scale_of(w) > 0) {  // "1.5 million"
        out.back() = {scaled(out.back().value, scale_of(w)), i + 1};
        continue;
      }
      if (!is_number_word(w)) {
        if (w != "and") close();
        continue;
      }
      if (!spelled.add(w)) {
        close();
        spelled.add(w);
      }
      end = i + 1;
    }
  }
  close();
  return out;
}

}  // namespace ponder
