// The lexer makes one pass over the source with a position that only moves forward.
#include "jinja/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "jinja/unicode.h"

namespace ponder::jinja {
namespace {

constexpr std::size_t kMaxName = 256;  // bytes; a name is compared at every use

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) ||
         static_cast<unsigned char>(c) >= 128;
}

// \r\n and \r become \n; one \n at the end is dropped.
std::string normalized(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '\r') {
      out += s[i];
    } else {
      out += '\n';
      if (i + 1 < s.size() && s[i + 1] == '\n') ++i;
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

std::size_t without_trailing_space(std::string_view s) {
  std::size_t end = s.size();
  while (end > 0) {
    const Character c = character_before(s, end);
    if (!is_space(c.code)) break;
    end -= c.length;
  }
  return end;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(normalized(source)), s_(source_) {}

  std::vector<Word> run() {
    while (at_ < s_.size()) next_tag();
    add(Word::kEnd, "");
    return std::move(words_);
  }

 private:
  // Reads the text up to the next tag, and the tag.
  void next_tag() {
    std::size_t open = s_.find('{', at_);
    while (open != s_.npos &&
           (open + 1 == s_.size() ||
            std::string_view("{%#").find(s_[open + 1]) == std::string_view::npos)) {
      open = s_.find('{', open + 1);
    }
    if (open == s_.npos) {
      add_text(s_.substr(at_));
      move_to(s_.size());
      return;
    }
    const char tag = s_[open + 1];
    std::size_t inside = open + 2;
    char sign = 0;
    if (inside < s_.size() && (s_[inside] == '-' || s_[inside] == '+')) sign = s_[inside++];
    add_text(before_tag(s_.substr(at_, open - at_), sign, tag));
    move_to(inside);
    if (tag == '#') {
      skip_comment();
    } else if (tag == '%' && raw_follows()) {
      raw_block();
    } else {
      words_of_tag(tag);
    }
  }

  // The text before a tag that remains after trimming.
  std::string_view before_tag(std::string_view text, char sign, char tag) const {
    if (sign == '-') return text.substr(0, without_trailing_space(text));
    if (sign == '+' || tag == '{') return text;
    const std::size_t line = text.rfind('\n') + 1;  // 0 when there is none
    if (line == 0 && !line_starting_) return text;
    return without_trailing_space(text) <= line ? text.substr(0, line) : text;
  }

  // Reads the end of a tag and the white space that is trimmed with it. `tag`: '%', '#' or '{'.
  bool end_of_tag(char tag) {
    const char close[] = {tag == '{' ? '}' : tag, '}', 0};
    const std::string_view rest = s_.substr(at_);
    const bool minus = rest.starts_with('-'), plus = rest.starts_with('+') && tag != '{';
    if (!rest.substr(minus || plus ? 1 : 0).starts_with(close)) return false;
    std::size_t end = at_ + (minus || plus ? 3 : 2);
    if (minus) {
      for (Character c; end < s_.size() && is_space((c = character_at(s_, end)).code);)
        end += c.length;
    } else if (!plus && tag != '{' && end < s_.size() && s_[end] == '\n') {
      ++end;
    }
    line_starting_ = s_[end - 1] == '\n';
    move_to(end);
    return true;
  }

  void skip_comment() {
    const int line = line_;
    const std::size_t close = s_.find("#}", at_);
    if (close == s_.npos) fail("'#}' at the end of a comment", "the end of the template", line);
    const bool sign = close > at_ && (s_[close - 1] == '-' || s_[close - 1] == '+');
    move_to(close - (sign ? 1 : 0));
    end_of_tag('#');
  }

  // If `word` and the end of a block tag follow at i, returns the byte after the word.
  std::optional<std::size_t> only_word(std::size_t i, std::string_view word) const {
    while (i < s_.size() && is_space(static_cast<unsigned char>(s_[i]))) ++i;
    if (!s_.substr(i).starts_with(word)) return std::nullopt;
    i += word.size();
    while (i < s_.size() && is_space(static_cast<unsigned char>(s_[i]))) ++i;
    const std::string_view rest = s_.substr(i);
    if (rest.starts_with("%}") || rest.starts_with("-%}") || rest.starts_with("+%}")) return i;
    return std::nullopt;
  }

  bool raw_follows() const {
    const auto end = only_word(at_, "raw");
    return end && s_[*end] != '+';
  }

  void raw_block() {
    const int line = line_;
    move_to(*only_word(at_, "raw"));
    const bool minus = s_[at_] == '-';
    move_to(at_ + (minus ? 3 : 2));
    while (minus && at_ < s_.size() && is_space(static_cast<unsigned char>(s_[at_])))
      move_to(at_ + 1);
    line_starting_ = s_[at_ - 1] == '\n';
    for (std::size_t open = s_.find("{%", at_); open != s_.npos; open = s_.find("{%", open + 2)) {
      const std::size_t inside = open + 2;
      const char sign =
          inside < s_.size() && (s_[inside] == '-' || s_[inside] == '+') ? s_[inside] : 0;
      const auto end = only_word(inside + (sign ? 1 : 0), "endraw");
      if (!end) continue;
      add_text(before_tag(s_.substr(at_, open - at_), sign, '%'));
      move_to(*end);
      end_of_tag('%');
      return;
    }
    fail("{% endraw %}", "the end of the template", line);
  }

  void words_of_tag(char tag) {
    const int line = line_;
    add(tag == '{' ? Word::kPrintBegin : Word::kBlockBegin, "");
    std::string open;  // brackets not closed yet
    while (at_ < s_.size()) {
      const int end_line = line_;
      if (open.empty() && end_of_tag(tag)) {
        add(tag == '{' ? Word::kPrintEnd : Word::kBlockEnd, "");
        words_.back().line = end_line;
        return;
      }
      const char c = s_[at_];
      if (const Character u = character_at(s_, at_); is_space(u.code)) {
        move_to(at_ + u.length);
      } else if (is_digit(c)) {
        number();
      } else if (is_name(c)) {
        name();
      } else if (c == '\'' || c == '"') {
        string(c);
      } else {
        operator_word(open);
      }
    }
    fail(tag == '{' ? "'}}' at the end of a tag" : "'%}' at the end of a tag",
         "the end of the template", line);
  }

  void name() {
    std::size_t end = at_;
    while (end < s_.size() && is_name(s_[end])) ++end;
    if (end - at_ > kMaxName) fail("a name of at most 256 bytes", "a longer one", line_);
    add(Word::kName, std::string(s_.substr(at_, end - at_)));
    move_to(end);
  }

  void number() {
    std::string digits;
    bool is_float = false;
    const bool may_be_float = s_[at_ - 1] != '.';  // x.0.1 is two items
    std::size_t i = at_;
    const auto take_digits = [&] {
      while (i < s_.size() &&
             (is_digit(s_[i]) || (s_[i] == '_' && i + 1 < s_.size() && is_digit(s_[i + 1])))) {
        if (s_[i] != '_') digits += s_[i];
        ++i;
      }
    };
    const auto digit_at = [&](std::size_t k) { return k < s_.size() && is_digit(s_[k]); };
    take_digits();
    if (may_be_float && i < s_.size() && s_[i] == '.' && digit_at(i + 1)) {
      is_float = true;
      digits += s_[i++];
      take_digits();
    }
    if (may_be_float && i < s_.size() && (s_[i] | 32) == 'e') {
      const bool sign = i + 1 < s_.size() && (s_[i + 1] == '-' || s_[i + 1] == '+');
      if (digit_at(i + (sign ? 2 : 1))) {
        is_float = true;
        digits += 'e';
        if (sign) digits += s_[i + 1];
        i += sign ? 2 : 1;
        take_digits();
      }
    }
    add(is_float ? Word::kFloat : Word::kInt, "");
    Word& w = words_.back();
    const char *first = digits.data(), *last = first + digits.size();
    const auto error = is_float ? std::from_chars(first, last, w.number).ec
                                : std::from_chars(first, last, w.integer).ec;
    if (error != std::errc()) fail("a number of at most 64 bits", digits.substr(0, 30), line_);
    move_to(i);
  }

  // Reads a string with Python's escapes; an unknown escape is kept literally.
  void string(char quote) {
    const int line = line_;
    std::string out;
    std::size_t i = at_ + 1;
    for (;; ++i) {
      if (i >= s_.size()) fail("the end of a string", "the end of the template", line);
      if (s_[i] == quote) break;
      if (s_[i] != '\\') {
        out += s_[i];
      } else if (++i < s_.size()) {
        i = escape(i, out);
      }
    }
    add(Word::kString, std::move(out));
    move_to(i + 1);
  }

  // The escape whose letter is at i; returns its last byte.
  std::size_t escape(std::size_t i, std::string& out) {
    const char c = s_[i];
    static constexpr std::string_view kLetters = "\\'\"abfnrtv\n", kBytes = "\\'\"\a\b\f\n\r\t\v";
    if (const std::size_t k = kLetters.find(c); k != kLetters.npos) {
      if (c != '\n') out += kBytes[k];  // a backslash before a line end joins the lines
      return i;
    }
    const std::size_t n_hex = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    const bool octal = c >= '0' && c <= '7';
    if (!n_hex && !octal) {
      if (c == 'N') unsupported("the escape \\N{…}", line_);
      out += '\\';
      out += c;
      return i;
    }
    std::uint32_t code = 0;
    const char* first = s_.data() + i + (octal ? 0 : 1);
    const char* last = std::min(s_.data() + s_.size(), first + (octal ? 3 : n_hex));
    const auto [end, error] = std::from_chars(first, last, code, octal ? 8 : 16);
    if (error != std::errc() || (n_hex && end != first + n_hex) || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000)) {
      fail("a character after the escape", std::string("\\") + c, line_);
    }
    append_utf8(out, code);
    return static_cast<std::size_t>(end - s_.data()) - 1;
  }

  void operator_word(std::string& open) {
    static constexpr std::string_view kOperators[] = {
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
        "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};
    for (const std::string_view op : kOperators) {
      if (!s_.substr(at_).starts_with(op)) continue;
      if (op == "(" || op == "[" || op == "{") open += op == "(" ? ')' : op == "[" ? ']' : '}';
      if (op == ")" || op == "]" || op == "}") {
        if (!open.ends_with(op)) {
          fail(open.empty() ? "the end of the tag" : std::string("'") + open.back() + "'",
               "'" + std::string(op) + "'", line_);
        }
        open.pop_back();
      }
      add(Word::kOperator, std::string(op));
      move_to(at_ + op.size());
      return;
    }
    fail("an expression",
         "the character '" + std::string(s_.substr(at_, character_at(s_, at_).length)) + "'",
         line_);
  }

  void add(Word::Kind kind, std::string text) { words_.push_back({kind, std::move(text), line_}); }
  void add_text(std::string_view text) {
    if (!text.empty()) add(Word::kText, std::string(text));
  }
  void move_to(std::size_t i) {
    line_ += static_cast<int>(std::count(s_.begin() + at_, s_.begin() + i, '\n'));
    at_ = i;
  }

  const std::string source_;
  const std::string_view s_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool line_starting_ = true;  // the last tag ended a line
  std::vector<Word> words_;
};

}  // namespace

std::vector<Word> lex(std::string_view source) { return Lexer(source).run(); }

}  // namespace ponder::jinja
