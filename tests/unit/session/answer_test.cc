// The likeliest answer by each way on the toy model, and the check of what was proved.
#include <gtest/gtest.h>

#include <cmath>

#include "must.h"
#include "ponder/session.h"

namespace ponder {
namespace {

using test::must;

std::unique_ptr<Session> toy(Precision precision = Precision::kF32) {
  const auto text =
      must(TextModel::open(std::string(PONDER_SOURCE_DIR) + "/tests/data/toy/ponder-toy.gguf"));
  return must(Session::open(text, {.model = {.precision = precision}}));
}

const Conversation kSum = Conversation::ask("What is the sum of 14 and 8?");
constexpr const char* kMap = "regex:is (\\d+)\\.";

TEST(SessionAnswer, EnumerationProvesAndTheCheckAgrees) {
  const auto s = toy();
  AnswerRequest r{.prompt = kSum, .map = kMap, .way = AnswerWay::kEnumeration, .record = true};
  r.law.max_length = 14;
  const AnswerReport a = must(s->answer(r));
  EXPECT_EQ(a.answer, "22");
  EXPECT_TRUE(a.proved);
  EXPECT_LE(a.lower, a.upper);
  EXPECT_GT(a.lower, a.answers.size() > 1 ? a.answers[1].upper : 0);
  EXPECT_EQ(a.reply.text, "The sum of 14 and 8 is 22.");
  EXPECT_EQ(a.answers[0].text, a.reply.text);
  double sum = a.none + a.open;
  for (const auto& one : a.answers) sum += one.mass;
  EXPECT_NEAR(sum, 1, 1e-6);

  ASSERT_TRUE(a.record);
  AnswerCheckRequest check{.record = *a.record};
  EXPECT_TRUE(must(s->check_answer(check)).result.holds);
  check.record.map = "word";
  EXPECT_FALSE(must(s->check_answer(check)).result.holds);
  check.record = *a.record;
  check.record.statement.answer = "23";
  EXPECT_FALSE(must(s->check_answer(check)).result.holds);
  check.record.model_sha256 = "another";
  EXPECT_NE(must(s->check_answer(check)).result.why, "");
}

TEST(SessionAnswer, DrawsAreThoseOfTheSeed) {
  const auto s = toy();
  AnswerRequest r{.prompt = kSum, .map = kMap, .way = AnswerWay::kDraws, .draws = 20, .seed = 3};
  const AnswerReport a = must(s->answer(r)), b = must(s->answer(r));
  EXPECT_EQ(a.answer, b.answer);
  EXPECT_EQ(a.draws, b.draws);
  EXPECT_EQ(a.reply.tokens, b.reply.tokens);
  EXPECT_EQ(a.way, AnswerWay::kDraws);
  EXPECT_FALSE(a.proved);
  r.enough = 1;
  EXPECT_EQ(must(s->answer(r)).draws, 20);
}

TEST(SessionAnswer, OptionsAreScoredByTheirTexts) {
  const auto s = toy();
  const AnswerRequest r{
      .prompt = Conversation::ask(
          "What is the sum of 14 and 8?\nA) 22\nB) 9\nC) 30\nAnswer with one letter.")};
  const AnswerReport a = must(s->answer(r));
  EXPECT_EQ(a.way, AnswerWay::kOptions);
  EXPECT_EQ(a.map, "choice:A=22|B=9|C=30");
  ASSERT_EQ(a.answers.size(), 3u);
  double sum = 0;
  for (const auto& one : a.answers) sum += one.mass;
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_TRUE(a.answer == "22" || a.answer == "9" || a.answer == "30");
  EXPECT_EQ(a.reply.text, *a.answer);
}

TEST(SessionAnswer, AutoFallsBackToDraws) {
  const auto s = toy();
  AnswerRequest r{.prompt = kSum, .map = "number", .draws = 4, .enough = 1};
  const AnswerReport a = must(s->answer(r));
  EXPECT_EQ(a.way, AnswerWay::kDraws);
  EXPECT_EQ(a.draws, 4);
  EXPECT_EQ(a.map, "number");
}

TEST(SessionAnswer, SaysWhatItCannotDo) {
  const auto s = toy();
  const auto why = [&](const AnswerRequest& r) {
    const auto a = s->answer(r);
    return a.ok() ? "" : a.error().message();
  };
  EXPECT_NE(why({.prompt = kSum, .map = "nubmer"}).find("did you mean number"), std::string::npos);
  EXPECT_NE(
      why({.prompt = kSum, .map = "number", .way = AnswerWay::kEnumeration}).find("number:first"),
      std::string::npos);
  EXPECT_NE(why({.prompt = kSum, .way = AnswerWay::kOptions}).find("lists its options"),
            std::string::npos);
  EXPECT_NE(
      why({.prompt = kSum, .map = kMap, .way = AnswerWay::kDraws, .draws = 0}).find("at least 1"),
      std::string::npos);
}

TEST(SessionAnswer, AStoppedSearchSaysWhatItKnows) {
  const auto s = toy();
  const std::atomic<bool> stop{true};
  AnswerRequest r{.prompt = kSum, .map = kMap};
  r.budget.stop = &stop;
  const AnswerReport a = must(s->answer(r));
  EXPECT_FALSE(a.proved);
  EXPECT_FALSE(a.answer);
  EXPECT_EQ(a.open, 1);
}

}  // namespace
}  // namespace ponder
