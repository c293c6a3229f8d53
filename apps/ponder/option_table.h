// The registered options of the commands as text, from which help, completion and the man page are
// made. Not the first screen of help, which is chosen by hand (help.cc).
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ponder::app {

struct OptionRow {
  // without dashes; both empty: the argument without a flag
  std::vector<std::string> shorts{}, longs{};
  std::string value{};  // N, FILE, f32|bf16|auto, …; empty: a flag
  std::vector<std::string> choices{};
  bool file = false;  // the value is a path
  std::string description{};
  std::string default_value{};  // in words; empty: there is none, or the description has it
  /// "-m, --model FILE"
  std::string names() const;
};

struct CommandRow {
  std::string name, description;
  std::vector<OptionRow> options{};
  std::string notes{};                  // the part of the footer before the examples
  std::vector<std::string> examples{};  // one line each
  std::string requests{};               // the format of a line of --input
};

CommandRow command_row(const CLI::App&);
// of all subcommands, in the order of registration
std::vector<CommandRow> command_rows(const CLI::App&);

/// The words of a text that newcomers may not know, with their meaning, in alphabetical order.
struct Word {
  const char *word, *meaning;
};
std::vector<Word> words_in(const std::string& text);

/// Breaks a text at spaces into lines of at most `width` columns. Every line but the first begins
/// with `indent` spaces. Line breaks of the text stay.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent);

}  // namespace ponder::app
