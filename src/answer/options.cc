// Options that a question lists, one a line, and the question without them.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "answer/pieces.h"
#include "ponder/answer/map.h"
#include "text/words.h"

namespace ponder {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t i = 0; i <= text.size();) {
    const std::size_t end = std::min(text.find('\n', i), text.size());
    lines.push_back(text.substr(i, end - i));
    i = end + 1;
  }
  return lines;
}

// "A) text", "(A) text", "A. text", "A: text", with "- " before it or not; the same with digits.
std::optional<AnswerOption> option_of(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with("- ") || line.starts_with("* ")) line = trimmed(line.substr(2));
  const bool bracket = line.starts_with("(");
  if (bracket) line.remove_prefix(1);
  if (line.size() < 3) return std::nullopt;
  const char mark = line[0];
  const bool known =
      (mark >= 'A' && mark <= 'Z') || (mark >= 'a' && mark <= 'z') || (mark >= '1' && mark <= '9');
  const std::string_view closing = bracket ? ")" : ").:";
  if (!known || closing.find(line[1]) == std::string_view::npos) return std::nullopt;
  const std::string_view text = trimmed(line.substr(2));
  if (text.empty()) return std::nullopt;
  return AnswerOption{std::string(1, mark), std::string(text)};
}

// Does the line only say how to answer: "Answer with one letter.", "Choose one of A, B, C, D:"?
bool asks_for_letter(std::string_view line) {
  static constexpr std::array<std::string_view, 7> kAsks{"answer", "reply",  "respond", "choose",
                                                         "pick",   "select", "options"};
  static constexpr std::array<std::string_view, 7> kOf{"letter",  "option", "options", "choice",
                                                       "choices", "number", "answer"};
  const auto words = words_of(line);
  const auto any = [&](const auto& list) {
    return std::any_of(words.begin(), words.end(), [&](const Word& w) {
      return std::find(list.begin(), list.end(), w.text) != list.end();
    });
  };
  constexpr std::size_t kMost = 14;
  return !words.empty() && words.size() <= kMost &&
         std::find(kAsks.begin(), kAsks.end(), words[0].text) != kAsks.end() &&
         (words.size() <= 2 || any(kOf));
}

}  // namespace

std::optional<OptionsQuestion> find_options(std::string_view question) {
  const std::vector<std::string_view> lines = lines_of(question);
  OptionsQuestion found;
  std::size_t first = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto option = option_of(lines[i]);
    const bool starts =
        option && (option->letter == "A" || option->letter == "a" || option->letter == "1");
    const bool goes_on =
        option && !found.options.empty() && option->letter[0] == found.options.back().letter[0] + 1;
    if (goes_on) {
      found.options.push_back(*option);
    } else if (starts) {  // the last list of a question is its options
      found.options = {*option};
      first = i;
    }
  }
  if (found.options.size() < 2) return std::nullopt;
  std::size_t after = first;
  for (std::size_t n = 0; n < found.options.size(); ++after)
    n += option_of(lines[after]).has_value();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if ((i >= first && i < after) || asks_for_letter(lines[i])) continue;
    found.stem += (found.stem.empty() ? "" : "\n") + std::string(lines[i]);
  }
  found.stem = std::string(trimmed(found.stem));
  if (found.stem.empty() || !make_choice_map(found.options).ok()) return std::nullopt;
  return found;
}

}  // namespace ponder
