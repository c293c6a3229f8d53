// TextColumn: wraps by whole words. A wide character counts as a word; a word longer than a line is
// cut.
#include "text_column.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include <algorithm>

#include "output.h"

namespace ponder::app {
namespace {

constexpr const char* kReset = "\x1b[0m";

// A character of a text that is safe for a terminal: control characters become spaces, broken bytes
// U+FFFD.
struct Character {
  std::string_view text;
  int width;
  std::size_t bytes;  // bytes of the source text
};

Character character_at(std::string_view s, std::size_t i) {
  utf8proc_int32_t c = 0;
  const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(s.data()) + i,
                                  static_cast<utf8proc_ssize_t>(s.size() - i), &c);
  if (n <= 0) return {"\xef\xbf\xbd", 1, 1};
  const auto bytes = static_cast<std::size_t>(n);
  if (utf8proc_category(c) == UTF8PROC_CATEGORY_CC) return {" ", 1, bytes};
  return {s.substr(i, bytes), utf8proc_charwidth(c), bytes};
}

}  // namespace

int terminal_width(int fd) {
  constexpr int kUsual = 80, kLeast = 30;
  winsize w{};
  if (isatty(fd) == 0 || ioctl(fd, TIOCGWINSZ, &w) != 0 || w.ws_col == 0) return kUsual;
  return std::max<int>(w.ws_col, kLeast);
}

int width_of(std::string_view s) {
  int width = 0;
  for (std::size_t i = 0; i < s.size();) {
    const Character c = character_at(s, i);
    width += c.width;
    i += c.bytes;
  }
  return width;
}

std::string shortened_to(std::string_view s, int columns) {
  std::string out;
  int width = 0;
  for (std::size_t i = 0; i < s.size();) {
    const Character c = character_at(s, i);
    if (width + c.width > columns - 1 && width + width_of(s.substr(i)) > columns) return out + "…";
    out += c.text;
    width += c.width;
    i += c.bytes;
  }
  return out;
}

TextColumn::TextColumn(std::string_view label) : width_(terminal_width(STDOUT_FILENO)) {
  write(fmt::format("{:<{}}", label, kLabel));
}

void TextColumn::break_lines(int n) {
  write(std::string(static_cast<std::size_t>(n), '\n') + std::string(kLabel, ' '));
  column_ = kLabel;
}

void TextColumn::end_word() {
  if (word_.empty()) return;
  if (breaks_ > 0 && started_) break_lines(breaks_);
  if (column_ > kLabel && column_ + spaces_ + word_width_ > width_) {
    break_lines(1);
    spaces_ = 0;
  }
  spaces_ = std::clamp(spaces_, 0, std::max(0, width_ - column_ - word_width_));
  write(std::string(static_cast<std::size_t>(spaces_), ' '));
  for (const Piece& p : word_)
    write(p.style.empty() ? p.text : std::string(p.style) + p.text + kReset);
  column_ += spaces_ + word_width_;
  word_.clear();
  word_width_ = spaces_ = breaks_ = 0;
  started_ = true;
}

void TextColumn::add_character(std::string_view text, int width, std::string_view style) {
  if (width > 1 || word_width_ + width > width_ - kLabel) end_word();
  if (word_.empty() || word_.back().style != style) word_.push_back({"", style});
  word_.back().text += text;
  word_width_ += width;
}

void TextColumn::add(std::string_view text, std::string_view style) {
  constexpr int kTab = 4;
  bool wide = false;  // the last character was wide: a line may end after it
  for (std::size_t i = 0; i < text.size();) {
    const Character c = character_at(text, i);
    const char byte = text[i];
    i += c.bytes;
    if (byte == '\r') continue;
    if (wide && c.width > 0) end_word();
    wide = c.width > 1;
    if (byte == '\n') {
      end_word();
      ++breaks_;
      spaces_ = 0;
    } else if (c.text == " ") {
      end_word();
      spaces_ += byte == '\t' ? kTab : 1;
    } else {
      add_character(c.text, c.width, style);
    }
  }
  if (wide) end_word();
}

void TextColumn::end() {
  end_word();
  write("\n");
}

void write_column(std::string_view label, std::string_view text) {
  TextColumn column(label);
  column.add(text);
  column.end();
}

}  // namespace ponder::app
