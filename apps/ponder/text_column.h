// TextColumn: prints a text beside a label, wrapped at the terminal's width with a hanging indent.
// The text's own line breaks and indentation stay, so that code remains readable. For people only:
// JSON and `generate` write texts unchanged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ponder::app {

inline constexpr int kLabel = 10;  // columns of a label: "likelier", "first", "proof", …

/// The width of the terminal behind a file descriptor; 80 if it is not a terminal.
int terminal_width(int fd);
/// The columns that a text takes: wide characters take two, combining marks none.
int width_of(std::string_view);
/// The text on one line of at most so many columns, with an ellipsis if it was cut.
std::string shortened_to(std::string_view, int columns);

/// Writes a text to stdout word by word, as its parts arrive.
class TextColumn {
 public:
  /// Starts a line with the label, padded to the indent of the following lines.
  explicit TextColumn(std::string_view label);
  /// style: an escape sequence that colours the text; empty: plain.
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
  int word_width_ = 0, spaces_ = 0, breaks_ = 0;  // to be written before the word
  bool started_ = false;                          // some of the text has been written
};

/// Writes one label and its text.
void write_column(std::string_view label, std::string_view text);

}  // namespace ponder::app
