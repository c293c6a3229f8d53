// Typed questions on small models: masses against enumeration, the same bits alone and in a batch,
// priors, orders, scales, and what is refused.
#include <gtest/gtest.h>

#include <cmath>

#include "density/language.h"
#include "law/toy/enumerate.h"
#include "must.h"
#include "ponder/session.h"
#include "says.h"
#include "session/decide_prompts.h"

namespace ponder {
namespace {

using test::must;

std::unique_ptr<Session> open(const std::string& file) {
  const auto text = must(TextModel::open(std::string(PONDER_SOURCE_DIR) + "/tests/data/" + file));
  return must(Session::open(text, {.model = {.precision = Precision::kF32}}));
}
std::unique_ptr<Session> toy() { return open("toy/ponder-toy.gguf"); }
std::unique_ptr<Session> tiny() { return open("tiny/llama-tied/model.gguf"); }

std::vector<DecideLabel> labels_of(const std::vector<std::string>& texts) {
  std::vector<DecideLabel> all;
  for (const std::string& t : texts) all.push_back({.text = t});
  return all;
}
DecideRequest choice(const std::string& text, const std::vector<std::string>& labels) {
  return {.input = Conversation::ask(text),
          .questions = {{.kind = DecideKind::kChoice,
                         .instructions = "Which is it?",
                         .labels = labels_of(labels)}}};
}
Result<DecideAnswer> answer(Session& s, const DecideRequest& r) { return s.decide({&r, 1})[0]; }
DecidedQuestion decided(Session& s, const DecideRequest& r) {
  return must(answer(s, r)).questions.at(0);
}

// Replies of at most two tokens, and which label's longest spelling they begin with.
std::vector<double> enumerated(Session& s, const Prompt& p,
                               const std::vector<SpelledLabel>& labels) {
  CausalDensity& d = s.density();
  const ReplyLaw law = must(
      ReplyLaw::make({.target = Target::kTruncated, .horizon = 2}, d.n_vocab(), d.end_tokens()));
  std::vector<double> sums(labels.size(), 0);
  for (const Reply& r : must(enumerate_replies(d, must(s.context(p.ids)), law))) {
    std::size_t longest = 0, best = labels.size();
    for (std::size_t i = 0; i < labels.size(); ++i)
      for (const LabelSpelling& x : labels[i].spellings)
        if (x.tokens.size() > longest && x.tokens.size() <= r.tokens.size() &&
            std::equal(x.tokens.begin(), x.tokens.end(), r.tokens.begin()))
          longest = x.tokens.size(), best = i;
    if (best < labels.size()) sums[best] += std::exp(r.logprob);
  }
  return sums;
}

TEST(Decide, AgreesWithEnumerationOfAllReplies) {
  const auto s = tiny();
  DecideRequest r = choice("the river", {"a", "e", "o"});
  r.raw = true;
  const DecidedQuestion d = decided(*s, r);
  const Prompt p = must(question_prompt(s->text(), r, d.question, nullptr));
  const auto spelled = spelled_labels(s->text(), p, d.question.labels);
  std::size_t longest = 0, n = 0;
  for (const SpelledLabel& l : spelled)
    for (const LabelSpelling& x : l.spellings) longest = std::max(longest, x.tokens.size()), ++n;
  ASSERT_LE(longest, 2u);
  EXPECT_EQ(n, 12u);  // as it is, in the other case, and both after a space
  const auto t = enumerated(*s, p, spelled);
  EXPECT_NEAR(d.mass, t[0] + t[1] + t[2], 1e-6);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(d.probabilities[i], t[i] / (t[0] + t[1] + t[2]), 1e-6);
}

TEST(Decide, TheSameBitsAloneAndInABatch) {
  const auto s = toy();
  std::vector<DecideRequest> requests;
  for (int i = 0; i < 64; ++i) {
    requests.push_back(
        choice("The sum of " + std::to_string(i) + " and 8.", {"22", "2", "The sum"}));
    if (i % 3 == 0) requests.back().questions.push_back({.instructions = "Is it even?"});
    if (i % 5 == 0) requests.back().neutral = "N/A";
    requests.back().orders = i % 7 == 0;
  }
  const auto all = s->decide(requests);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto fresh = i % 16 == 0 ? toy() : nullptr;  // nothing read before
    const DecideAnswer alone = must(answer(fresh ? *fresh : *s, requests[i]));
    ASSERT_TRUE(all[i].ok());
    for (std::size_t k = 0; k < alone.questions.size(); ++k) {
      EXPECT_EQ(all[i]->questions[k].probabilities, alone.questions[k].probabilities);
      EXPECT_EQ(all[i]->questions[k].mass, alone.questions[k].mass);
      EXPECT_EQ(all[i]->questions[k].prior, alone.questions[k].prior);
      EXPECT_EQ(all[i]->questions[k].letter_bias, alone.questions[k].letter_bias);
    }
  }
}

TEST(Decide, DividesByThePriorOfANeutralText) {
  const auto s = toy();
  DecideRequest r = choice("The sum of 14 and 8.", {"22", "The sum", "no"});
  const DecidedQuestion plain = decided(*s, r);
  const DecidedQuestion nothing = decided(*s, choice("N/A", {"22", "The sum", "no"}));
  r.neutral = "N/A";
  const DecidedQuestion d = decided(*s, r);
  EXPECT_EQ(d.prior, nothing.probabilities);
  EXPECT_EQ(d.mass, plain.mass);
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += plain.probabilities[i] / d.prior[i];
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(d.probabilities[i], plain.probabilities[i] / d.prior[i] / sum, 1e-12);
}

TEST(Decide, OrdersDoNotMatterWhenAllAreAveraged) {
  const auto s = toy();
  DecideRequest r = choice("The sum of 14 and 8.", {"22", "The sum", "no"});
  r.orders = true;
  const DecidedQuestion a = decided(*s, r);
  r.questions[0].labels = labels_of({"no", "22", "The sum"});
  const DecidedQuestion b = decided(*s, r);
  double sum = 0, letters = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(a.probabilities[i], b.probabilities[(i + 1) % 3], 1e-12);
    EXPECT_NEAR(a.letter_bias[i], b.letter_bias[i], 1e-12);
    sum += a.probabilities[i];
    letters += a.letter_bias[i];
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_NEAR(letters, 1, 1e-12);
}

TEST(Decide, AScaleHasAMeanADeviationAndAnInterval) {
  const auto s = toy();
  DecideRequest r = choice("The sum of 14 and 8.", {"1", "2", "3", "no"});
  r.questions[0].kind = DecideKind::kScore;
  const DecidedQuestion d = decided(*s, r);
  double mean = 0, square = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    mean += d.probabilities[i] * static_cast<double>(i);
    square += d.probabilities[i] * static_cast<double>(i * i);
  }
  EXPECT_NEAR(d.mean, mean, 1e-12);
  EXPECT_NEAR(d.deviation, std::sqrt(square - mean * mean), 1e-9);
  double below = 0, above = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (static_cast<double>(i) < d.lower) below += d.probabilities[i];
    if (static_cast<double>(i) > d.upper) above += d.probabilities[i];
  }
  EXPECT_LE(below, 0.05);
  EXPECT_LE(above, 0.05 + 1e-12);
  for (std::size_t i = 0; i < 4; ++i)
    r.questions[0].labels[i].value = 10 * static_cast<double>(i) - 5;
  EXPECT_NEAR(decided(*s, r).mean, 10 * mean - 5, 1e-9);
}

TEST(Decide, ALongTextIsReadOnceForAllItsQuestions) {
  const auto s = toy();
  std::string text;
  for (int i = 0; i < 20; ++i) text += "The sum of 14 and 8 is 22. ";
  DecideRequest r = choice(text, {"22", "no"});
  const std::int64_t before = s->density().cost().total();
  const DecideAnswer one = must(answer(*s, r));
  const std::int64_t first = s->density().cost().total() - before;
  for (int i = 0; i < 3; ++i) r.questions.push_back({.instructions = "Is it even?"});
  const auto fresh = toy();
  const DecideAnswer four = must(answer(*fresh, r));
  EXPECT_GT(four.input_tokens, 3 * one.input_tokens);
  EXPECT_LT(fresh->density().cost().total(), 2 * first);
}

TEST(Decide, WhatALabelIsCalledStandsForItAlone) {
  const auto s = toy();
  const DecidedQuestion d = decided(*s, choice("x", {"us", "Us"}));
  const Prompt p = must(question_prompt(s->text(), choice("x", {"us", "Us"}), d.question, nullptr));
  for (const SpelledLabel& l : spelled_labels(s->text(), p, d.question.labels))
    EXPECT_EQ(l.spellings.size(), 1u) << l.name;
  EXPECT_EQ(spelled_labels(s->text(), p, labels_of({"state"}))[0].spellings.size(), 2u);
  EXPECT_SAYS(answer(*s, choice("x", {"state", "東京"})),
              "label \"東京\"");  // it has no such bytes
}

TEST(Decide, RefusesWhatCannotBeDecidedAndLosesNothingElse) {
  const auto s = toy();
  EXPECT_SAYS(answer(*s, choice("x", {"a"})), "at least two labels");
  EXPECT_SAYS(answer(*s, choice("x", {"a", " "})), "an empty one");
  EXPECT_SAYS(answer(*s, choice("x", {"a", "a "})), "\"a\" twice");
  EXPECT_SAYS(answer(*s, {.input = Conversation::ask("x")}), "at least one question");
  DecideRequest many = choice("x", std::vector<std::string>());
  for (int i = 0; i < 27; ++i) many.questions[0].labels.push_back({.text = std::to_string(i)});
  many.orders = true;
  EXPECT_SAYS(answer(*s, many), "at most 26 labels");
  many.listed = false;
  EXPECT_SAYS(answer(*s, many), "listed");
  many.orders = false;
  EXPECT_TRUE(answer(*s, many).ok());
  for (int i = 27; i < 2000; ++i) many.questions[0].labels.push_back({.text = std::to_string(i)});
  many.listed = true;
  EXPECT_SAYS(answer(*s, many), "question 0");  // more than the context holds

  DecideRequest scale = choice("x", {"low", "high"});
  scale.questions[0].kind = DecideKind::kScore;
  scale.questions[0].labels[0].value = 1;
  EXPECT_SAYS(answer(*s, scale), "a value for every level");
  scale.questions[0].labels[1].value = 1;
  EXPECT_SAYS(answer(*s, scale), "values that rise");

  const std::vector<DecideRequest> three{choice("x", {"a", "b"}), choice("x", {"a"}),
                                         choice("y", {"a", "b"})};
  const auto all = s->decide(three);
  EXPECT_TRUE(all[0].ok());
  EXPECT_FALSE(all[1].ok());
  EXPECT_TRUE(all[2].ok());
}

}  // namespace
}  // namespace ponder
