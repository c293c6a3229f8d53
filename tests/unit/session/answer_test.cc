// The likeliest answer by each way on the toy model, and the check of what was proved.
#include <gtest/gtest.h>

#include <cmath>

#include "ponder/session.h"
#include "toy_session.h"

namespace ponder {
namespace {

using test::kSum;
using test::must;
using test::toy_session;

constexpr const char* kMap = "regex:is (\\d+)\\.";

TEST(SessionAnswer, EnumerationProvesAndTheCheckAgrees) {
  const auto s = toy_session();
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
  const auto s = toy_session();
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

TEST(SessionAnswer, DistinctDrawsSayWhatTheyFound) {
  const auto s = toy_session();
  AnswerRequest r{.prompt = kSum, .map = kMap, .way = AnswerWay::kDraws, .distinct = true};
  r.law.max_length = 14;
  r.seed = 3;
  const AnswerReport a = must(s->answer(r)), b = must(s->answer(r));
  EXPECT_EQ(a.draws, 16);
  EXPECT_TRUE(a.distinct);
  EXPECT_EQ(a.answer, "22");
  EXPECT_TRUE(a.settled);  // one reply has most of the probability
  EXPECT_GT(a.found, 0.5);
  EXPECT_LT(a.found, 1);
  EXPECT_GE(a.mass, a.lower);
  double sum = a.none + a.open;
  for (const auto& one : a.answers) sum += one.mass;
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_EQ(a.reply.text, "The sum of 14 and 8 is 22.");
  EXPECT_EQ(a.mass, b.mass);
  EXPECT_EQ(a.reply.tokens, b.reply.tokens);
  r.distinct = false;
  EXPECT_EQ(must(s->answer(r)).found, 0);
  r.distinct = true;
  r.budget.tokens = 40;  // the prompt, and few tokens more
  const AnswerReport cut = must(s->answer(r));
  EXPECT_GT(cut.open, 0);
}

TEST(SessionAnswer, OptionsAreScoredByTheirTexts) {
  const auto s = toy_session();
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
  const auto s = toy_session();
  AnswerRequest r{.prompt = kSum, .map = "number", .draws = 4, .enough = 1};
  const AnswerReport a = must(s->answer(r));
  EXPECT_EQ(a.way, AnswerWay::kDraws);
  EXPECT_EQ(a.draws, 4);
  EXPECT_EQ(a.map, "number");
}

TEST(SessionAnswer, DrawsThatAreCutAreAskedForTheirAnswer) {
  const auto s = toy_session();
  AnswerRequest r{
      .prompt = kSum, .map = "number", .way = AnswerWay::kDraws, .draws = 6, .enough = 1};
  r.law.max_length = 4;  // "The sum of"
  const AnswerReport none = must(s->answer(r));
  EXPECT_EQ(none.draws, 6);
  EXPECT_EQ(none.asked, 6);
  EXPECT_EQ(none.none, 1);  // the toy has no answer to the second turn
  EXPECT_FALSE(none.answer);
  // Some draws are whole, so that answers are known; those that are not have a share in them.
  r.law.max_length = 12;
  r.draws = 24;
  r.temperature = 3;
  const AnswerReport a = must(s->answer(r));
  EXPECT_EQ(a.draws, 24);
  EXPECT_GT(a.asked, 0);
  EXPECT_LT(a.asked, 24);
  ASSERT_TRUE(a.answer);
  EXPECT_NE(a.mass * 24, std::round(a.mass * 24));
  double sum = a.none;
  for (const auto& one : a.answers) {
    sum += one.mass;
    EXPECT_LE(one.lower, one.mass);
    EXPECT_GE(one.upper, one.mass);
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  const AnswerReport again = must(s->answer(r));
  EXPECT_EQ(again.mass, a.mass);
  EXPECT_EQ(again.answer, a.answer);
  // A budget cuts all of them, and leaves time to ask one.
  r.budget.tokens = 80;
  const AnswerReport hurried = must(s->answer(r));
  EXPECT_EQ(hurried.draws, 1);
  EXPECT_EQ(hurried.asked, 1);
  r.budget = {};
  r.map = "line";  // cannot be spelled from its normal form
  EXPECT_EQ(must(s->answer(r)).asked, 0);
  r.map = "number";
  r.prompt = RawText{.text = "14 plus 8 is"};  // no turns
  EXPECT_EQ(must(s->answer(r)).asked, 0);
}

TEST(SessionAnswer, CloseCallsOfBf16AreSettledInF32) {
  const AnswerRequest r{
      .prompt = Conversation::ask("What is the sum of 14 and 8?\nA) 22\nB) 23\nC) 24\nD) 25")};
  const auto rough = toy_session(Precision::kBF16), exact = toy_session();
  const AnswerReport a = must(rough->answer(r)), b = must(exact->answer(r));
  EXPECT_TRUE(a.proved);
  EXPECT_EQ(a.answer, b.answer);
  // So close that what bf16 may have changed leaves the order open.
  const AnswerReport close =
      must(rough->answer({.prompt = Conversation::ask("What is it?\nA) 5\nB) 6\nC) 7")}));
  EXPECT_LT(std::log(close.answers[0].mass / close.answers[1].mass), 2 * kErrorBF16);
  EXPECT_TRUE(close.proved);
  EXPECT_EQ(must(exact->exact()), exact.get());
  const Session* twin = must(rough->exact());
  EXPECT_EQ(twin->model().info().precision, Precision::kF32);
  EXPECT_EQ(must(rough->exact()), twin);  // opened once
}

TEST(SessionThink, EndsWithTheAnswer) {
  const auto s = toy_session();
  ThinkRequest r{.prompt = kSum};
  const ThinkAnswer a = must(s->think(r));
  ASSERT_TRUE(a.answer);
  EXPECT_EQ(a.answer->map, "number");
  EXPECT_EQ(a.answer->answer, "22");
  r.answer = false;
  EXPECT_FALSE(must(s->think(r)).answer);
  r.answer = true;
  r.config.methods = {"beam"};
  EXPECT_FALSE(must(s->think(r)).answer);
  r.config.methods.clear();
  r.prompt = Conversation::ask("Name a river.");
  EXPECT_FALSE(must(s->think(r)).answer);
}

TEST(SessionAnswer, SaysWhatItCannotDo) {
  const auto s = toy_session();
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
  const auto s = toy_session();
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
