// Replies that only repeat the question, and right answers that share its words, in several
// languages.
#include "notes/echo.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ponder {
namespace {

struct Case {
  std::string question, reply;
};

TEST(Echo, RightFullAnswersAreNone) {
  const std::vector<Case> cases{
      {"What is the capital of France?", "The capital of France is Paris."},
      {"What is the capital of France?", "Paris."},
      {"What is 2+2?", "2+2 is 4."},
      {"Which is bigger, the sun or the moon?", "The sun is bigger."},
      {"Which is bigger, the sun or the moon?", "The sun is bigger than the moon."},
      {"Is 7 a prime number?", "7 is a prime number."},
      {"Is London the capital of England?", "London is the capital of England."},
      {"Was ist die Hauptstadt von Frankreich?", "Die Hauptstadt von Frankreich ist Paris."},
      {"Wie heißt die größte Stadt am Rhein?", "Die größte Stadt am Rhein heißt Köln."},
      {"フランスの首都はどこですか？", "フランスの首都はパリです。"},
      {"りんごとみかん、どちらが好きですか。", "りんごが好きです。"},
      {"ما هي عاصمة فرنسا؟", "عاصمة فرنسا هي باريس."},
      {"", "The capital of France is Paris."},
      {"What is the capital of France?", ""},
      {"What is the capital of France?", "👍"}};
  for (const Case& c : cases)
    EXPECT_FALSE(echoes(c.question, c.reply)) << c.question << " " << c.reply;
}

TEST(Echo, EchoesAre) {
  const std::vector<Case> cases{
      {"What is the capital of France?", "What is the capital of France?"},
      {"What is the capital of France?", "The capital of France is"},
      {"What is the capital of France?", "The capital of France is the capital of France."},
      {"Was ist die Hauptstadt von Frankreich?",
       "Die Hauptstadt von Frankreich ist die Hauptstadt von Frankreich."},
      {"フランスの首都はどこですか？", "フランスの首都はどこですか"},
      {"フランスの首都はどこですか？", "フランスの首都は"},
      {"ما هي عاصمة فرنسا؟", "ما هي عاصمة فرنسا؟"}};
  for (const Case& c : cases)
    EXPECT_TRUE(echoes(c.question, c.reply)) << c.question << " " << c.reply;
}

// A quotation from a long text is an answer about it.
TEST(Echo, AQuotationFromALongTextIsNone) {
  std::string text = "Who wrote the letter that was found? ";
  for (int i = 0; i < 20; ++i) text += "Chapter " + std::to_string(i) + " has nothing to say. ";
  text += "The old man from the mill wrote the letter.";
  EXPECT_FALSE(echoes(text, "The old man from the mill wrote the letter."));
}

}  // namespace
}  // namespace ponder
