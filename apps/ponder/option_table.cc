// Reads CLI11's option tables. Facts that the tables lack are here by name: defaults that the
// program computes, values that are paths, and the formats of requests.
#include "option_table.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <map>

#include "text_column.h"

namespace ponder::app {
namespace {

// Defaults for options whose variable starts with a placeholder (0: not given) instead of the value
// that the user gets. An empty command: any.
struct DefaultWords {
  const char *command, *option, *words;
};
constexpr DefaultWords kDefaults[] = {
    {"generate", "predict", "512"},
    {"think", "predict", "512 for the first reply"},
    {"landscape", "predict", "24"},
    {"prove", "predict", "40"},
    {"sample", "predict", "40"},
    {"answer", "predict", "40 enumerated, 512 drawn"},
    {"calibrate", "predict", "40 enumerated, 512 drawn"},
    {"", "length", "none"},
    {"", "beam", "off"},
    {"", "best-of", "off"},
    {"", "pseudo", "off"},
    {"score", "alpha", "off"},
    {"", "tape-limit", "no limit"},
    {"", "budget", "no limit"},
    {"", "patience", "no end"},
    {"design", "max-edits", "no limit"},
    {"design", "steps", ""},  // the description says it
};
constexpr const char* kPaths[] = {"model",       "file",     "input",         "out",
                                  "certificate", "check",    "chat-template", "start",
                                  "logits",      "held-out", "questions",     "calibration"};

const std::map<std::string, std::string>& requests() {
  static const std::string prompt =
      R"(a line: {"question":TEXT} and "system":TEXT if wanted, or {"messages":[{"role":TEXT,"content":TEXT},…]}, )"
      R"(or {"prompt":TEXT} (raw text, no chat template), or {"prompt_ids":[…]})";
  static const std::string reply =
      R"(; with "reply":TEXT or "reply_ids":[…], and "end":true for the end of its turn)";
  static const std::map<std::string, std::string> all{
      {"generate", prompt},
      {"think", prompt},
      {"prove", prompt},
      {"answer", prompt},
      {"calibrate", prompt + R"(; and "answers":[TEXT,…], the right ones)"},
      {"sample", prompt},
      {"decide", R"(a line: {"input":TEXT, "questions":[{"type":"choice", "instructions":TEXT, )"
                 R"("choices":[{"value":TEXT},…]},…]}, as POST /v1/decisions does)"},
      {"score", prompt + reply},
      {"grad", prompt + reply + R"(; or with "candidates":[[…],…] and "weights":[[…],…])"},
      {"tokenize", R"(a line: {"text":TEXT}, or {"hex":TEXT} for bytes that are no UTF-8)"},
      {"detokenize", R"(a line: {"ids":[…]})"}};
  return all;
}

constexpr Word kWords[] = {
    {"ESS", "how many independent draws the draws are worth"},
    {"R-hat", "how far chains disagree; 1 is agreement"},
    {"TFE",
     "token-forward-equivalent, the unit of work: one token pushed once through the network"},
    {"certificate",
     "what a search has proved: that a reply is the most probable one, or how near it is to that"},
    {"chain",
     "a reply that is changed step by step, so that in the long run it visits replies as the "
     "target says"},
    {"draw", "a reply taken at random, each with its probability under the target"},
    {"kernel", "the kind of step that changes a chain"},
    {"law",
     "the model's probabilities of whole replies, as --target, -n and --allow-ids limit them"},
    {"nat", "a unit of log-probability: 0.69 more is twice as probable"},
};

std::vector<std::string> choices_of(const std::string& type) {  // "TEXT:{a,b}"
  std::vector<std::string> all;
  const std::size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return all;
  std::istringstream list(type.substr(begin + 1, end - begin - 1));
  for (std::string s; std::getline(list, s, ',');) all.push_back(s);
  return all;
}

std::string joined(const std::vector<std::string>& parts, const std::string& bar) {
  std::string s;
  for (const std::string& p : parts) s += (s.empty() ? "" : bar) + p;
  return s;
}

std::string placeholder(const OptionRow& row, const std::string& type) {
  constexpr std::size_t kShort = 20;
  if (const std::string choices = joined(row.choices, "|"); !choices.empty())
    return choices.size() <= kShort ? choices : "NAME";
  if (type.starts_with("INT") || type.starts_with("UINT") || type.starts_with("FLOAT")) return "N";
  return row.file ? "FILE" : "TEXT";
}

bool names(const OptionRow& row, const std::string& name) {
  return std::find(row.longs.begin(), row.longs.end(), name) != row.longs.end();
}

std::string default_of(const std::string& command, const OptionRow& row,
                       const std::string& captured) {
  if (row.value.empty() || row.description.find("default") != std::string::npos) return "";
  for (const DefaultWords& d : kDefaults)
    if ((command == d.command || !*d.command) && names(row, d.option) &&
        (captured.empty() || captured == "0" || captured == "-1"))
      return d.words;
  return captured == "[]" || captured == "{}" ? "" : captured;
}

OptionRow option_row(const std::string& command, const CLI::Option& o) {
  OptionRow row{
      .shorts = o.get_snames(), .longs = o.get_lnames(), .description = o.get_description()};
  // --score of decide is a scale, not a file
  row.file = std::any_of(std::begin(kPaths), std::end(kPaths),
                         [&](const char* p) { return names(row, p); }) ||
             (command == "design" && names(row, "score"));
  if (o.get_items_expected_max() == 0) return row;
  row.choices = choices_of(o.get_type_name());
  row.value = placeholder(row, o.get_type_name());
  row.default_value = default_of(command, row, o.get_default_str());
  return row;
}

}  // namespace

std::string OptionRow::names() const {
  std::vector<std::string> all;
  for (const std::string& s : shorts) all.push_back("-" + s);
  for (const std::string& l : longs) all.push_back("--" + l);
  return joined(all, ", ") + (value.empty() || all.empty() ? "" : " ") + value;
}

CommandRow command_row(const CLI::App& app) {
  CommandRow row{.name = app.get_name(), .description = app.get_description()};
  for (const CLI::Option* o : app.get_options()) row.options.push_back(option_row(row.name, *o));
  std::istringstream footer(app.get_footer());
  bool in_examples = false;
  for (std::string line; std::getline(footer, line);) {
    if (line == "Examples:")
      in_examples = true;
    else if (in_examples)
      row.examples.push_back(line);
    else
      row.notes += (row.notes.empty() ? "" : "\n") + line;
  }
  if (const auto it = requests().find(row.name); it != requests().end()) row.requests = it->second;
  return row;
}

std::vector<CommandRow> command_rows(const CLI::App& app) {
  std::vector<CommandRow> rows;
  for (const CLI::App* sub : app.get_subcommands({})) rows.push_back(command_row(*sub));
  return rows;
}

namespace {

// True if a text contains a word, or its plural, as a whole word.
bool contains_word(const std::string& text, std::string_view word) {
  const auto letter = [&text](std::size_t i) {
    return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_');
  };
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    std::size_t end = at + word.size();
    if (end < text.size() && text[end] == 's') ++end;
    if ((at == 0 || !letter(at - 1)) && !letter(end)) return true;
  }
  return false;
}

}  // namespace

std::vector<Word> words_in(const std::string& text) {
  std::vector<Word> found;
  for (const Word& w : kWords)
    if (contains_word(text, w.word)) found.push_back(w);
  return found;
}

std::string wrapped(const std::string& text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!out.empty()) out += "\n" + std::string(indent, ' '), column = indent;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      const auto columns = static_cast<std::size_t>(width_of(word));
      const bool first = column == indent;
      if (!first && column + 1 + columns > width)
        out += "\n" + std::string(indent, ' '), column = indent;
      if (column > indent) out += ' ', ++column;
      out += word;
      column += columns;
    }
  }
  return out;
}

}  // namespace ponder::app
