// Masses of labels against brute force over all replies: spellings that begin one another, of the
// same label and of another one, ended ones, many questions at once, and bad input.
#include "ponder/answer/labels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "law/toy/enumerate.h"
#include "law/toy/table.h"
#include "must.h"
#include "says.h"

namespace ponder {
namespace {

using test::must;

constexpr int kHorizon = 6;

SpelledLabel label(const std::string& name, std::vector<std::vector<Token>> spellings) {
  SpelledLabel l{.name = name};
  for (auto& s : spellings) l.spellings.push_back({.tokens = std::move(s)});
  return l;
}

LabelMasses masses(TableDensity& d, std::vector<SpelledLabel> labels) {
  const LabelsQuestion q{d.root(), std::move(labels)};
  return must(std::move(label_masses(d, {&q, 1})[0]));
}
Result<LabelMasses> failure(TableDensity& d, std::vector<SpelledLabel> labels) {
  const LabelsQuestion q{d.root(), std::move(labels)};
  return label_masses(d, {&q, 1})[0];
}

// By its definition: every reply has the label of the longest spelling that begins it.
std::vector<double> truth(TableDensity& d, const PrefixRef& context,
                          const std::vector<SpelledLabel>& labels) {
  const ReplyLaw law = must(ReplyLaw::make({.target = Target::kTruncated, .horizon = kHorizon},
                                           d.n_vocab(), d.end_tokens()));
  std::vector<double> sums(labels.size(), 0);
  for (const Reply& r : must(enumerate_replies(d, context, law))) {
    std::size_t longest = 0, best = labels.size();
    for (std::size_t i = 0; i < labels.size(); ++i)
      for (const LabelSpelling& s : labels[i].spellings) {
        const std::size_t n = s.tokens.size() + s.ends;
        const bool begins = n <= r.tokens.size() &&
                            std::equal(s.tokens.begin(), s.tokens.end(), r.tokens.begin()) &&
                            (!s.ends || d.is_end(r.tokens[n - 1]));
        if (begins && n > longest) longest = n, best = i;
      }
    if (best < labels.size()) sums[best] += std::exp(r.logprob);
  }
  return sums;
}

// Labels at random: short strings over few ids, so that many begin one another.
std::vector<SpelledLabel> random_labels(std::mt19937& rng, int n_vocab) {
  std::vector<SpelledLabel> labels(2 + rng() % 4);
  std::set<std::vector<Token>> used;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i].name = "label " + std::to_string(i);
    const std::size_t n = 1 + rng() % 4;
    while (labels[i].spellings.size() < n) {
      LabelSpelling s{.ends = rng() % 4 == 0};
      const std::size_t length = 1 + rng() % (kHorizon - 2);
      for (std::size_t t = 0; t < length; ++t)
        s.tokens.push_back(2 + static_cast<Token>(rng() % static_cast<unsigned>(n_vocab - 2)));
      std::vector<Token> key = s.tokens;
      if (s.ends) key.push_back(0);
      if (used.insert(key).second || rng() % 16 == 0) labels[i].spellings.push_back(s);
      if (labels[i].spellings.size() >= 2) break;  // few ids hold few strings
    }
  }
  return labels;
}

TEST(Labels, AgreeWithEnumerationOfAllReplies) {
  int asked = 0, refused = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 rng(seed);
    const int n_vocab = 4 + static_cast<int>(seed % 2);
    TableDensity d({.n_vocab = n_vocab, .end_tokens = {0, 1}, .seed = seed});
    const auto labels = random_labels(rng, n_vocab);
    const auto m = failure(d, labels);
    if (!m.ok()) {  // a spelling that two labels share
      EXPECT_SAYS(m, "with the same tokens");
      ++refused;
      continue;
    }
    ++asked;
    const auto t = truth(d, d.root(), labels);
    double all = 0;
    for (const double x : t) all += x;
    EXPECT_NEAR(m->mass, all, 1e-9) << seed;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      EXPECT_NEAR(std::exp(m->log_masses[i]), t[i], 1e-9) << seed;
      EXPECT_NEAR(m->probabilities[i], t[i] / all, 1e-9) << seed;
    }
  }
  EXPECT_GT(asked, 200);
  EXPECT_GT(refused, 0);
}

TEST(Labels, ASpellingThatGoesOnFromItsOwnLabelCountsOnce) {
  TableDensity d({.n_vocab = 4});
  const auto plain = masses(d, {label("a", {{1}}), label("b", {{2, 3}})});
  const auto twice = masses(d, {label("a", {{1}, {1, 2}, {1}, {1, 2, 3}}), label("b", {{2, 3}})});
  EXPECT_EQ(plain.log_masses, twice.log_masses);
  EXPECT_EQ(plain.mass, twice.mass);
}

TEST(Labels, ALabelThatBeginsAnotherOneLosesItsMass) {
  TableDensity d({.n_vocab = 4});
  const auto alone = masses(d, {label("Guinea", {{1}})});
  const auto both = masses(d, {label("Guinea", {{1}}), label("Guinea Bissau", {{1, 2}})});
  EXPECT_NEAR(both.mass, alone.mass, 1e-15);
  EXPECT_NEAR(std::exp(both.log_masses[0]), alone.mass - std::exp(both.log_masses[1]), 1e-15);
  // "Guinea" again inside "Guinea Bissau": the longest decides, and back again.
  const auto three =
      masses(d, {label("Guinea", {{1}, {1, 2, 3}}), label("Guinea Bissau", {{1, 2}})});
  const auto t =
      truth(d, d.root(), {label("Guinea", {{1}, {1, 2, 3}}), label("Guinea Bissau", {{1, 2}})});
  EXPECT_NEAR(std::exp(three.log_masses[0]), t[0], 1e-12);
  EXPECT_NEAR(std::exp(three.log_masses[1]), t[1], 1e-12);
}

TEST(Labels, AllContinuationsTogetherLeaveALabelNothing) {
  TableDensity d({.n_vocab = 3});
  const auto m = masses(d, {label("a", {{1}}), label("b", {{1, 0}, {1, 1}, {1, 2}})});
  EXPECT_LT(m.log_masses[0], -30);
  EXPECT_NEAR(m.probabilities[1], 1, 1e-12);
}

TEST(Labels, TheSameBitsAloneInABatchAndInManyPasses) {
  TableDensity d({.n_vocab = 6, .n_ctx = 600});
  std::mt19937 rng(1);
  std::vector<LabelsQuestion> questions;
  for (int i = 0; i < 64; ++i) {
    std::vector<Token> prompt(1 + rng() % 5);
    for (Token& v : prompt) v = 1 + static_cast<Token>(rng() % 5);
    const Extend e{.parent = d.root(), .tokens = prompt};
    Rows rows;
    ASSERT_TRUE(d.extend({&e, 1}, rows).ok());
    std::vector<SpelledLabel> labels;
    for (Token v = 1; v < 6; ++v)  // long ones: 64 × 5 × 200 tokens are many passes
      labels.push_back(label("label " + std::to_string(v),
                             {std::vector<Token>(200, v), {v, static_cast<Token>(i % 5)}}));
    questions.push_back({rows.end[0], labels});
  }
  const auto all = label_masses(d, questions);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto alone = label_masses(d, {&questions[i], 1});
    ASSERT_TRUE(alone[0].ok() && all[i].ok());
    EXPECT_EQ(alone[0]->log_masses, all[i]->log_masses);
    EXPECT_EQ(alone[0]->probabilities, all[i]->probabilities);
    EXPECT_EQ(alone[0]->mass, all[i]->mass);
  }
}

TEST(Labels, ALongLabelIsNotPreferred) {  // as a mean over tokens would
  TableDensity d({.n_vocab = 4, .seed = 3});
  const auto m = masses(d, {label("short", {{1, 1}}), label("long", {{2, 2, 2, 2}})});
  const auto t = truth(d, d.root(), {label("short", {{1, 1}}), label("long", {{2, 2, 2, 2}})});
  EXPECT_NEAR(m.probabilities[0], t[0] / (t[0] + t[1]), 1e-12);
}

TEST(Labels, BadInputIsToldAndTakesNoOtherWithIt) {
  TableDensity d({.n_vocab = 4, .n_ctx = 8});
  EXPECT_SAYS(failure(d, {}), "at least one label");
  EXPECT_SAYS(failure(d, {label("", {{1}})}), "a label with a name");
  EXPECT_SAYS(failure(d, {label("a", {})}), "no spelling");
  EXPECT_SAYS(failure(d, {label("a", {{}})}), "at least one token");
  EXPECT_SAYS(failure(d, {label("a", {{1}}), label("a", {{2}})}), "\"a\" twice");
  EXPECT_SAYS(failure(d, {label("a", {{1}}), label("b", {{1}})}), "\"a\" and \"b\" with the same");
  EXPECT_SAYS(failure(d, {label("a", {{4}})}), "token ids from 0 to 3");
  EXPECT_SAYS(failure(d, {label("a", {std::vector<Token>(9, 1)})}), "at most 8 tokens, got 9");

  const std::vector<LabelsQuestion> questions{{d.root(), {label("a", {{1}})}},
                                              {d.root(), {label("a", {{7}})}},
                                              {d.root(), {label("b", {{2}})}}};
  const auto all = label_masses(d, questions);
  EXPECT_TRUE(all[0].ok());
  EXPECT_FALSE(all[1].ok());
  EXPECT_TRUE(all[2].ok());
  EXPECT_EQ(d.n_live(), 0);
}

}  // namespace
}  // namespace ponder
