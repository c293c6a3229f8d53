// The map that suits a question, by its words; English.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ponder/answer/map.h"
#include "text/words.h"

namespace ponder {
namespace {

bool has_phrase(const std::vector<std::string>& words, const std::vector<std::string>& phrase) {
  return std::search(words.begin(), words.end(), phrase.begin(), phrase.end()) != words.end();
}

// The words of the last sentence that asks; of all where none does.
std::vector<std::string> asking_words(std::string_view question) {
  const std::size_t mark = question.rfind('?');
  if (mark == std::string_view::npos) return word_texts(question);
  const std::size_t before = question.substr(0, mark).find_last_of(".!?\n");
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return word_texts(question.substr(begin, mark - begin));
}

bool asks_yes_or_no(std::string_view question) {
  if (has_phrase(word_texts(question), {"yes", "or", "no"})) return true;
  static constexpr std::array<std::string_view, 22> kFirst{
      "is",  "are",   "was",   "were",  "am",     "do",     "does", "did",
      "can", "could", "will",  "would", "should", "shall",  "has",  "have",
      "had", "may",   "might", "must",  "isn't",  "doesn't"};
  const auto words = asking_words(question);
  const bool either = has_phrase(words, {"or"});
  return question.find('?') != std::string_view::npos && !either && !words.empty() &&
         std::find(kFirst.begin(), kFirst.end(), words[0]) != kFirst.end();
}

bool asks_for_number(std::string_view question) {
  const auto words = word_texts(question);
  for (const std::vector<std::string>& phrase :
       std::vector<std::vector<std::string>>{{"plus"},
                                             {"minus"},
                                             {"multiplied", "by"},
                                             {"divided", "by"},
                                             {"how", "many"},
                                             {"how", "much"},
                                             {"how", "old"},
                                             {"how", "far"},
                                             {"how", "long"},
                                             {"calculate"},
                                             {"compute"},
                                             {"sum"},
                                             {"product"},
                                             {"arithmetic"},
                                             {"divisor"},
                                             {"percent"},
                                             {"percentage"},
                                             {"average"},
                                             {"total"}})
    if (has_phrase(words, phrase)) return true;
  return std::any_of(question.begin(), question.end(), [](char c) { return c == '='; }) &&
         question.find_first_of("0123456789") != std::string_view::npos;
}

std::shared_ptr<const PrefixMap> map_of(std::string_view spec) { return *parse_answer_map(spec); }

}  // namespace

std::shared_ptr<const PrefixMap> choose_answer_map(std::string_view question,
                                                   std::string_view first_reply) {
  if (const auto found = find_options(question)) return *make_choice_map(found->options);
  if (asks_yes_or_no(question)) return map_of("yesno");
  const bool marked = first_reply.find("\\boxed{") != std::string_view::npos ||
                      first_reply.find("####") != std::string_view::npos;
  if (marked || asks_for_number(question)) return map_of("number");
  return make_phrase_map(question);
}

}  // namespace ponder
