// The options of the commands as they are registered, in words: what help, completion and the man
// page are made from. Not the first screen of help, which is chosen by hand (help.cc).
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ponder::app {

struct OptionRow {
  std::vector<std::string> shorts{}, longs{};  // without dashes; both empty: the lone argument
  std::string value{};                         // N, FILE, f32|bf16|auto, …; empty: a flag
  std::vector<std::string> choices{};
  bool file = false;  // its value is a path
  std::string description{};
  std::string default_value{};  // in words; empty: none, or told by the description
  /// "-m, --model FILE"
  std::string names() const;
};

struct CommandRow {
  std::string name, description;
  std::vector<OptionRow> options{};
  std::string notes{};                  // of the footer, before its examples
  std::vector<std::string> examples{};  // a line each
  std::string requests{};               // the form of a line of --input
};

CommandRow command_row(const CLI::App&);
std::vector<CommandRow> command_rows(const CLI::App&);  // of all subcommands, as registered

/// Words that the texts use and newcomers do not know, with their meaning, in alphabetical order.
struct Word {
  const char *word, *meaning;
};
std::vector<Word> words_in(const std::string& text);

/// Lines of at most `width` columns, broken at spaces; every line but the first begins with
/// `indent` spaces. Line breaks of the text stay.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent);

}  // namespace ponder::app
