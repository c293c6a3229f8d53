// Every rule of docs/answers.md#maps, and what holds of all maps: a beginning that is said to
// decide an answer decides it, whatever follows.
#include <gtest/gtest.h>

#include <random>

#include "must.h"
#include "ponder/answer/map.h"

namespace ponder {
namespace {

using Map = std::shared_ptr<const PrefixMap>;

Map map_of(std::string_view spec) { return test::must(parse_answer_map(spec)); }

struct Case {
  std::string map, reply, answer;  // "": none
};

void check(const Map& map, const std::string& reply, const std::string& answer) {
  EXPECT_EQ(map->answer(reply).value_or(""), answer) << map->name() << ": " << reply;
}

TEST(Maps, ReadEveryRule) {
  const std::vector<Case> cases{
      {"choice:A-D", "B", "B"},
      {"choice:A-D", "B) Asia", "B"},
      {"choice:A-D", "The answer is (C).", "C"},
      {"choice:A-D", "**D**", "D"},
      {"choice:A-D", "A city in Asia: B", "B"},  // an article is no option
      {"choice:A-D", "A Europe", "A"},           // but a letter before a name is
      {"choice:A-D", "Answer: A", "A"},
      {"choice:A-D", "E", ""},
      {"choice:A-D", "Bangladesh", ""},
      {"choice:A-D", "b", ""},  // letters as they are written
      {"choice:A-D", "", ""},
      {"choice:Guinea|Guinea Bissau", "It is Guinea.", "Guinea"},
      {"choice:Guinea|Guinea Bissau", "It is guinea-bissau.", "Guinea Bissau"},
      {"choice:Europe|Asia", "ASIA or Europe", "Asia"},
      {"yesno", "Yes, it is.", "yes"},
      {"yesno", "NO!", "no"},
      {"yesno", "I think no", "no"},
      {"yesno", "Not at all, none know", ""},
      {"number", "3 apples and 4 pears make 7 fruits.", "7"},
      {"number", "so \\boxed{12} in 30 days", "12"},
      {"number", "\\boxed{x} then 5", "5"},
      {"number", "\\boxed{1} and \\boxed{1,200.50}", "1200.5"},
      {"number", "work 5 + 7\n#### 12\nin 3 steps", "12"},
      {"number", "$1,234.00", "1234"},
      {"number", "-5", "-5"},
      {"number", "-$5", "-5"},
      {"number", "5-7", "7"},
      {"number", "007", "7"},
      {"number", "0.50", "0.5"},
      {"number", "-0", "0"},
      {"number", "1,2", "2"},
      {"number", "3/4", "3/4"},
      {"number", "50%", "50"},
      {"number", "twenty-one", "21"},
      {"number", "two hundred and five cats", "205"},
      {"number", "three thousand, four hundred", "3400"},
      {"number", "seven eight", "8"},
      {"number", "one hundred hundred", "100"},
      {"number", "two million three thousand", "2003000"},
      {"number:first", "one thousand million", "1000"},
      {"number", "1.5 million", "1500000"},
      {"number", "none", ""},
      {"number:first", "3 apples and 4 pears", "3"},
      {"number:first", "two - hundred", "2"},
      {"number:first", "It is 12.", "12"},
      {"word", "  \"Paris\", of course", "paris"},
      {"word", "...", ""},
      {"line", "\n  Paris,  France. \nBecause", "paris france"},
      {"line", "Cafe\u0301", "caf\u00e9"},
      {"line", "\U0001F600\U0001F600", "\U0001F600 \U0001F600"},
      {"line", " ", ""},
      {"line", "--- \n", "---"},
      {"regex:answer is (\\w+)", "the answer is Rome.", "Rome"},
      {"regex:answer is (\\w+)?", "the answer is .", ""},
      {"regex:(a|b)c", "abbc", "b"},
      {"json:/a/0", "Sure: {\"a\": [\" x \", 2]} ok", "x"},
      {"json:/a", "{\"a\": {\"b\": 1}}", "{\"b\":1}"},
      {"json:/a", "{\"b\": 1}", ""},
      {"json:/", "[1]", ""},
      {"json:/x", "[1]", ""},
      {"json:/a", "{\"a\": ", ""},
      {"json:/a", "{\"a\": \"}\\\"\"}", "}\""},
  };
  for (const Case& c : cases) check(map_of(c.map), c.reply, c.answer);
}

TEST(Maps, PhraseIsWhatTheQuestionHasNot) {
  const Map capital = make_phrase_map("What is the capital city of Honduras?");
  check(capital, "The capital city of Honduras is Tegucigalpa.", "tegucigalpa");
  check(capital, "Tegucigalpa", "tegucigalpa");
  check(capital, "Honduras's capital is San Pedro Sula, in the north.", "san pedro sula");
  check(capital, "The capital is St. John's. It is old.", "st john's");
  check(capital, "The capital is:\n\nRome", "rome");
  check(capital, "The capital of Honduras", "the capital of honduras");
  check(capital, "", "");
  const Map symbol = make_phrase_map("What is the chemical symbol of the element bromine?");
  check(symbol, "The chemical symbol for bromine is **Br**.", "br");
}

TEST(Maps, ErrorsSayWhatIsWrong) {
  for (const auto& [spec, got] :
       std::vector<std::pair<std::string, std::string>>{{"choise:A-D", "choice:A-D"},
                                                        {"choice:D-A", "choice:D-A"},
                                                        {"choice:a|a", "twice"},
                                                        {"choice:a|", "letter or words"},
                                                        {"regex:(a", "parenthes"},
                                                        {"regex:a", "group"},
                                                        {"json:a", "RFC 6901"},
                                                        {"yesno:x", "yesno:x"},
                                                        {"", "answer map"}}) {
    const auto map = parse_answer_map(spec);
    ASSERT_FALSE(map.ok()) << spec;
    EXPECT_NE(map.error().message().find(got), std::string::npos) << map.error().message();
  }
}

TEST(Maps, ARegexThatNeverEndsIsNoAnswer) {
  check(map_of("regex:^(a+)+$"), std::string(40, 'a') + "b", "");
}

TEST(Maps, OptionsAreFound) {
  const auto q = find_options(
      "On which continent is Honduras?\nA) Europe\nB) Africa\nC) Asia\nD) North America\nAnswer "
      "with one letter.");
  ASSERT_TRUE(q);
  EXPECT_EQ(q->stem, "On which continent is Honduras?");
  ASSERT_EQ(q->options.size(), 4u);
  EXPECT_EQ(q->options[3], (AnswerOption{"D", "North America"}));
  EXPECT_FALSE(find_options("A) one option"));
  EXPECT_FALSE(find_options("Is it A or B?"));
  EXPECT_FALSE(find_options("A) x\nB) x"));  // equal texts
  EXPECT_FALSE(find_options("A) x\nC) y"));
  const auto digits = find_options("Which?\n1. red\n2. blue\n\nPick one.");
  ASSERT_TRUE(digits);
  EXPECT_EQ(digits->stem, "Which?");
  const auto after = find_options("(A) red\n(B) blue\nWhich of the two is a colour of the sky?");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->stem, "Which of the two is a colour of the sky?");
}

TEST(Maps, TheMapSuitsTheQuestion) {
  const auto chosen = [](std::string_view q, std::string_view first = "") {
    return choose_answer_map(q, first)->name();
  };
  EXPECT_EQ(chosen("Which?\nA) x\nB) y"), "choice:A=x|B=y");
  EXPECT_EQ(chosen("Is the city of Jiaxing in China? Answer yes or no."), "yesno");
  EXPECT_EQ(chosen("Tom has a dog. Is it red?"), "yesno");
  EXPECT_EQ(chosen("Is it red or blue?"), "phrase:Is it red or blue?");
  EXPECT_EQ(chosen("How many legs have 3 dogs?"), "number");
  EXPECT_EQ(chosen("8 + 5 + 7 - 0 ="), "number");
  EXPECT_EQ(chosen("What is the sum of seven and five?"), "number");
  EXPECT_EQ(chosen("Can you swim?"), "phrase:Can you swim?");
  EXPECT_EQ(chosen("Can a dog swim?"), "yesno");
  EXPECT_TRUE(chosen("Compute the sum of a list in Python.").starts_with("phrase:"));
  EXPECT_EQ(chosen("Solve it.", "So \\boxed{5}"), "number");
  EXPECT_EQ(chosen("What is the capital of France?"), "phrase:What is the capital of France?");
  const Map choice = choose_answer_map("Which?\nA) red\nB) blue", "");
  check(choice, "It is blue.", "B");
  EXPECT_EQ(choice->shown("B"), "blue");
}

TEST(Maps, ANameIsASpecification) {
  for (const char* spec :
       {"choice:A|B|C", "choice:A=red|B=blue", "choice:red|blue", "yesno", "number", "number:first",
        "word", "line", "phrase:Where is it?", "regex:(a)|b", "json:/a/0"})
    EXPECT_EQ(map_of(spec)->name(), spec);
  EXPECT_EQ(map_of("choice:A-C")->name(), "choice:A|B|C");
  check(map_of("choice:A=red|B=blue"), "blue it is", "B");
  check(map_of("choice:A|B|C"), "(B)", "B");
}

// Random replies of fragments on which maps turn.
std::string random_text(std::mt19937& rng, int n) {
  static const std::vector<std::string> kParts{
      "A",        "B",        "b",        ")",         "(",      " ",       " ",
      " ",        "\n",       ".",        ",",         "yes",    "no",      "Yes",
      "not",      "1",        "2",        "00",        "-",      "$",       "/",
      "hundred",  "two",      "and",      "million",   "the",    "capital", "Rome",
      "St",       "'s",       "{",        "}",         "\"a\":", "\"x\"",   "[",
      "]",        "####",     "\\boxed{", "answer is", ":",      "*",       "\u00e9",
      "\xcc\x81", "\xf0\x9f", "\x98\x80", "\u6771",    "Guinea", "Bissau",  "e"};
  std::uniform_int_distribution<std::size_t> part(0, kParts.size() - 1);
  std::string s;
  for (int i = 0; i < n; ++i) s += kParts[part(rng)];
  return s;
}

TEST(Maps, WhatABeginningDecidesStays) {
  std::vector<Map> maps{
      make_phrase_map("What is the capital of Guinea?"),
      test::must(make_choice_map({{"A", "Rome"}, {"B", "Rome Bissau"}, {"C", "e"}}))};
  for (const char* spec :
       {"choice:A-D", "choice:Guinea|Guinea Bissau", "yesno", "number", "number:first", "word",
        "line", "regex:(a|b)+\\b", "regex:is (\\w*)", "regex:(\\d+)$", "regex:^(.*)\\n", "json:/a"})
    maps.push_back(map_of(spec));
  std::mt19937 rng(7);
  std::vector<int> decided(maps.size());
  for (int k = 0; k < 20'000; ++k) {
    const std::string beginning = random_text(rng, 1 + k % 14);
    for (std::size_t m = 0; m < maps.size(); ++m) {
      const Reading v = maps[m]->read(beginning);
      if (!v.decided) continue;
      ++decided[m];
      for (int more = 0; more < 4; ++more) {
        const std::string reply = beginning + random_text(rng, 3 * more);
        ASSERT_EQ(maps[m]->answer(reply), v.answer)
            << maps[m]->name() << " of \"" << beginning << "\" in \"" << reply << "\"";
      }
    }
  }
  for (std::size_t m = 0; m < maps.size(); ++m)
    EXPECT_EQ(decided[m] > 20, maps[m]->can_decide() && maps[m]->name() != "regex:(\\d+)$")
        << maps[m]->name() << " " << decided[m];
}

}  // namespace
}  // namespace ponder
