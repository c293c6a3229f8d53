// Calibration on the toy model: known questions are asked and judged, confidences come from what
// was fitted, answers are held back, and a calibration of something else is refused.
#include <gtest/gtest.h>

#include "session/confidence.h"
#include "toy_session.h"

namespace ponder {
namespace {

using test::must;
using test::toy_session;

// Sums with known answers; every third one is wrong by one.
CalibrateRequest sums(int n) {
  CalibrateRequest r;
  for (int i = 0; i < n; ++i) {
    const int a = 1 + i % 9, b = 1 + i / 9;
    r.questions.push_back({Conversation::ask("What is the sum of " + std::to_string(a) + " and " +
                                             std::to_string(b) + "?"),
                           {std::to_string(a + b + (i % 3 == 0 ? 1 : 0))}});
  }
  r.ask = {.map = "number", .way = AnswerWay::kDraws, .draws = 4};
  r.ask.law.max_length = 14;
  return r;
}

TEST(Calibrate, KnownQuestionsMakeConfidences) {
  const auto s = toy_session();
  CalibrateRequest r = sums(60);
  int seen = 0;
  r.on_answer = [&](const JudgedReport& j) {
    EXPECT_EQ(static_cast<int>(j.question), seen++);
    EXPECT_EQ(j.right, is_right(*j.report, r.questions[j.question].answers));
    EXPECT_LT(j.report->greedy, 0);
  };
  const CalibrateAnswer a = must(s->calibrate(r));
  EXPECT_EQ(a.asked, 60);
  EXPECT_EQ(seen, 60);
  ASSERT_EQ(a.record.groups.size(), 1u);
  EXPECT_EQ(a.record.groups[0].name, "draws number");
  EXPECT_EQ(a.groups[0].n, 60);
  EXPECT_EQ(a.groups[0].held.n, 30);

  AnswerRequest ask = r.ask;
  ask.prompt = r.questions[1].prompt;
  const AnswerReport plain = must(s->answer(ask));
  EXPECT_FALSE(plain.calibrated);
  EXPECT_EQ(plain.confidence, plain.mass);
  ask.calibration = std::make_shared<CalibrationRecord>(a.record);
  const AnswerReport judged = must(s->answer(ask));
  EXPECT_TRUE(judged.calibrated);
  EXPECT_EQ(judged.answer, plain.answer);
  EXPECT_DOUBLE_EQ(judged.confidence,
                   confidence(a.record.groups[0].calibration, confidence_features(judged)));
  EXPECT_EQ(plain.greedy, 0);  // costs nothing where no confidence is wanted
  EXPECT_LT(judged.greedy, 0);
  EXPECT_GT(judged.greedy, -1);
  EXPECT_FALSE(judged.held_back);
  ask.risk = 0.01;  // a third is wrong whatever the model says
  const AnswerReport held = must(s->answer(ask));
  EXPECT_TRUE(held.held_back);
  EXPECT_EQ(held.answer, plain.answer);  // for those who want to see it
  ask.risk = 0.9;
  EXPECT_FALSE(must(s->answer(ask)).held_back);
}

TEST(Calibrate, WhatDoesNotFitIsRefused) {
  const auto s = toy_session();
  const CalibrateRequest r = sums(60);
  const CalibrateAnswer a = must(s->calibrate(r));
  const auto why = [&](auto change) {
    AnswerRequest ask = r.ask;
    ask.prompt = r.questions[0].prompt;
    CalibrationRecord c = a.record;
    change(ask, c);
    if (!ask.calibration) ask.calibration = std::make_shared<CalibrationRecord>(c);
    const auto answer = s->answer(ask);
    return answer.ok() ? "" : answer.error().message();
  };
  EXPECT_EQ(why([](auto&, auto&) {}), "");
  EXPECT_NE(why([](auto&, auto& c) { c.model_sha256 = "0"; }).find("another"), 0u);
  EXPECT_NE(why([](auto&, auto& c) { c.model_sha256 = "0"; }).find("sha256 0"), std::string::npos);
  EXPECT_NE(why([](auto& ask, auto&) { ask.draws = 5; }).find("5 draws"), std::string::npos);
  EXPECT_NE(why([](auto& ask, auto&) { ask.risk = 0; }).find("risk"), std::string::npos);
  EXPECT_NE(why([](auto&, auto& c) {
              c.groups[0].calibration.features.pop_back();
            }).find("features of this version"),
            std::string::npos);
  AnswerRequest ask = r.ask;
  ask.prompt = r.questions[0].prompt;
  ask.risk = 0.2;
  EXPECT_FALSE(s->answer(ask).ok());  // no calibration at all
  // A group that is not there: the confidence is the mass, and a limit on the risk holds it back.
  CalibrationRecord other = a.record;
  other.groups[0].name = "draws word";
  ask.calibration = std::make_shared<CalibrationRecord>(other);
  const AnswerReport none = must(s->answer(ask));
  EXPECT_FALSE(none.calibrated);
  EXPECT_TRUE(none.held_back);
  EXPECT_FALSE(none.notes.empty());
}

TEST(Calibrate, TooFewQuestionsAreANoteAndNoneAreAnError) {
  const auto s = toy_session();
  const CalibrateAnswer few = must(s->calibrate(sums(10)));
  EXPECT_TRUE(few.record.groups.empty());
  ASSERT_EQ(few.notes.size(), 1u);
  EXPECT_NE(few.notes[0].find("at least 40"), std::string::npos);
  EXPECT_FALSE(s->calibrate({}).ok());
  CalibrateRequest unknown = sums(3);
  unknown.questions[1].answers.clear();
  EXPECT_FALSE(s->calibrate(unknown).ok());
}

TEST(IsRight, NormalisesBothSides) {
  const auto says = [](const std::string& map, const std::string& answer,
                       const std::string& known) {
    AnswerReport a;
    a.map = map;
    a.answer = answer;
    return is_right(a, {"nothing like it", known});
  };
  EXPECT_TRUE(says("phrase:Which city?", "são paulo", "Sao Paulo."));
  EXPECT_TRUE(says("phrase:Which city?", "hague", "The Hague"));
  EXPECT_TRUE(says("line", "hague", "The Hague"));
  EXPECT_TRUE(says("number", "1234", "1,234"));
  EXPECT_TRUE(says("number", "7.5", "7.50"));
  EXPECT_TRUE(says("yesno", "yes", "Yes"));
  EXPECT_TRUE(says("choice:A=Europe|B=North America", "North America", "B"));
  EXPECT_TRUE(says("choice:A=Europe|B=North America", "North America", "north america"));
  EXPECT_FALSE(says("choice:A=Europe|B=North America", "North America", "A"));
  EXPECT_FALSE(says("number", "12", "123"));
  EXPECT_FALSE(says("phrase:Which city?", "paris", "Paris, Texas"));
}

}  // namespace
}  // namespace ponder
