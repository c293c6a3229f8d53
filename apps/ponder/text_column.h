// Text in a column: beside a label, wrapped at the terminal's width with a hanging indent, its own
// line breaks and indentation kept, so that code stays readable. For people: JSON and `generate`
// write texts as they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ponder::app {

inline constexpr int kLabel = 10;  // columns of a label: "likelier", "first", "proof", …

/// Columns of the terminal that a file descriptor is; 80 where it is none.
int terminal_width(int fd);
/// Columns that a text takes: wide characters two, marks none.
int width_of(std::string_view);
/// The text on one line of at most so many columns, with an ellipsis where it was cut.
std::string shortened_to(std::string_view, int columns);

/// Writes to stdout as the text comes, a word at a time.
class TextColumn {
 public:
  /// Starts a line: the label, padded to the indent of the lines to come.
  explicit TextColumn(std::string_view label);
  /// `style`: an escape sequence that colours the text; empty: plain.
  void add(std::string_view text, std::string_view style = "");
  /// Writes the last word and ends the line.
  void end();

 private:
  struct Piece {
    std::string text;
    std::string_view style;
  };
  void add_character(std::string_view, int width, std::string_view style);
  void end_word();
  void break_lines(int n);

  int width_, column_ = kLabel;
  std::vector<Piece> word_;
  int word_width_ = 0, spaces_ = 0, breaks_ = 0;  // what waits to be written before the word
  bool started_ = false;                          // has any of the text been written?
};

/// One label and its text.
void write_column(std::string_view label, std::string_view text);

}  // namespace ponder::app
