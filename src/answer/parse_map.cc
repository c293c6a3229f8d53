// Specifications of maps.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "answer/label_map.h"
#include "answer/number_map.h"
#include "answer/pattern_map.h"
#include "answer/words_map.h"
#include "ponder/core/spelling.h"

namespace ponder {
namespace {

bool is_mark(char c) { return (c >= 'A' && c <= 'Z') || (c >= '1' && c <= '9'); }

// "X=text", a letter or a text alone.
AnswerOption option_of(const std::string& s) {
  if (s.size() == 1 && is_mark(s[0])) return {.letter = s};
  if (s.size() > 2 && s[1] == '=' && is_mark(s[0])) return {s.substr(0, 1), s.substr(2)};
  return {.text = s};
}

// "A-D", "a|b|c" or "A=a|B=b".
Result<std::shared_ptr<const PrefixMap>> choice(const std::string& of) {
  std::vector<AnswerOption> options;
  if (of.find('|') != std::string::npos) {
    for (std::size_t i = 0; i <= of.size();) {
      const std::size_t end = std::min(of.find('|', i), of.size());
      options.push_back(option_of(of.substr(i, end - i)));
      i = end + 1;
    }
    return make_choice_map(options);
  }
  const bool range =
      of.size() == 3 && of[1] == '-' && is_mark(of[0]) && is_mark(of[2]) && of[0] < of[2];
  if (!range)
    return Error{Code::kInvalid, "choice:A-D or choice:first|second", "choice:" + of, "--answer",
                 ""};
  for (char c = of[0]; c <= of[2]; ++c)
    if (is_mark(c)) options.push_back({.letter = std::string(1, c)});
  return make_choice_map(options);
}

std::shared_ptr<const PrefixMap> yes_no() {
  return make_label_map("yesno",
                        {{.answer = "yes", .words = {"yes"}}, {.answer = "no", .words = {"no"}}});
}

}  // namespace

Result<std::shared_ptr<const PrefixMap>> parse_answer_map(std::string_view spec) {
  const std::size_t colon = spec.find(':');
  const std::string name(spec.substr(0, colon));
  const bool has_more = colon != std::string_view::npos;
  const std::string more(has_more ? spec.substr(colon + 1) : "");
  if (name == "choice" && has_more) return choice(more);
  if (name == "regex" && has_more) return make_regex_map(more);
  if (name == "json" && has_more) return make_json_map(more);
  if (name == "phrase" && has_more) return make_phrase_map(more);
  if (name == "number" && (!has_more || more == "first" || more == "last"))
    return make_number_map(more == "first");
  if (name == "yesno" && !has_more) return yes_no();
  if (name == "word" && !has_more) return make_word_map();
  if (name == "line" && !has_more) return make_line_map();
  const std::vector<std::string> names{"choice:A-D", "yesno",   "number",  "number:first", "word",
                                       "line",       "regex:…", "json:/…", "auto"};
  return Error{Code::kInvalid,
               "an answer map: choice:A-D, choice:a|b, yesno, number, number:first, word, line, "
               "regex:…, json:/…",
               "\"" + std::string(spec) + "\"", "--answer",
               did_you_mean(std::string(spec), names, 3)};
}

}  // namespace ponder
