// The map that suits a question, by its words; English.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "answer/numbers.h"
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
  // "Can you explain it?" asks for an explanation.
  static constexpr std::array<std::string_view, 4> kPolite{"can", "could", "will", "would"};
  if (words.size() > 1 && words[1] == "you" &&
      std::find(kPolite.begin(), kPolite.end(), words[0]) != kPolite.end())
    return false;
  return question.find('?') != std::string_view::npos && !either && !words.empty() &&
         std::find(kFirst.begin(), kFirst.end(), words[0]) != kFirst.end();
}

using Phrases = std::vector<std::vector<std::string>>;

bool has_any(const std::vector<std::string>& words, const Phrases& phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](const std::vector<std::string>& p) { return has_phrase(words, p); });
}

// "Compute the sum of a list" asks for a program: words of arithmetic need numbers beside them.
bool asks_for_number(std::string_view question) {
  static const Phrases kAsking{
      {"how", "many"}, {"how", "much"}, {"how", "old"}, {"how", "far"}, {"how", "long"}};
  static const Phrases kArithmetic{
      {"plus"},    {"minus"}, {"multiplied", "by"}, {"divided", "by"}, {"divisor"}, {"calculate"},
      {"compute"}, {"sum"},   {"product"},          {"arithmetic"},    {"percent"}, {"percentage"},
      {"average"}, {"total"}};
  const auto words = word_texts(question);
  if (has_any(words, kAsking)) return true;
  const bool equation = question.find('=') != std::string_view::npos;
  return (equation || has_any(words, kArithmetic)) &&
         !numbers_of(pieces_of(question, true)).empty();
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
