// Masses of answers on worlds that can be enumerated: bounds that hold at every budget, proofs that
// are true, statements that a check accepts only when they are, draws without bias.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "answer/enumeration.h"
#include "answer_worlds.h"

namespace ponder {
namespace {

using test::make_world;
using test::must;

TEST(Posterior, BoundsHoldAtEveryBudgetAndProofsAreTrue) {
  int proofs = 0, early = 0, complete = 0;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    const auto w = make_world(seed);
    EnumerationConfig c{.batch = 1 + static_cast<int>(seed % 3),
                        .max_children = 1 + static_cast<int>(seed % 4),
                        .open_enough = 0};
    if (seed % 5 == 0) c.max_frontier = 3;
    const auto search = must(
        AnswerEnumeration::make(*w->table, w->table->root(), *w->law, *w->map, w->speller(), c));
    for (int step = 0; step < 200; ++step) {
      ASSERT_TRUE(search->run({.tokens = 1 + step}).ok());
      const Posterior p = search->posterior();
      double sum = p.none + p.open;
      for (const AnswerMass& a : p.answers) {
        sum += a.mass;
        ASSERT_LE(a.lower, w->mass(a.answer) + 1e-9) << seed;
        ASSERT_GE(a.upper, w->mass(a.answer) - 1e-9) << seed;
      }
      ASSERT_NEAR(sum, 1, 1e-9) << seed;
      ASSERT_LE(p.none, w->truth[std::nullopt] + 1e-9);
      for (const auto& [a, m] : w->truth) {  // also of answers that have not been met
        const bool met =
            !a || std::any_of(p.answers.begin(), p.answers.end(),
                              [&, answer = a](const AnswerMass& x) { return x.answer == *answer; });
        if (!met) {
          ASSERT_LE(m, p.open + 1e-9) << seed;
        }
      }
      if (p.proved) {
        ++proofs;
        early += p.open > 1e-6;
        ASSERT_EQ(p.answers[0].answer, w->best().first) << seed;
      }
      if (p.open < 1e-12) {
        ++complete;
        break;
      }
      if (w->table->cost().total() == 0 && step > 100) break;
    }
  }
  EXPECT_GT(proofs, 1000);
  EXPECT_GT(early, 500);
  EXPECT_GT(complete, 600);
}

TEST(Posterior, StopsAtTheProof) {
  int stopped = 0;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const auto w = make_world(seed);
    const Posterior p = must(enumerate_answers(*w->table, w->table->root(), *w->law, *w->map,
                                               w->speller(), {.batch = 1}, {}));
    ASSERT_EQ(p.proved, w->best().second > 0) << seed;
    ASSERT_EQ(p.answers.empty() ? "" : p.answers[0].answer, w->best().first) << seed;
    stopped += p.proved && p.open > 0.01;
  }
  EXPECT_GT(stopped, 50);
}

TEST(Posterior, AStatementHoldsAndADamagedOneDoesNot) {
  int stated = 0, refused_twice = 0, refused_child = 0, refused_answer = 0, refused_missing = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const auto w = make_world(seed);
    const Posterior p = must(enumerate_answers(*w->table, w->table->root(), *w->law, *w->map,
                                               w->speller(), {.open_enough = 0}, {}));
    const auto s = state_answer(p, 1e-6);
    if (!s) continue;
    ++stated;
    const auto check = [&](const AnswerStatement& x) {
      return must(
          check_answer(*w->table, w->table->root(), *w->law, *w->map, w->speller(), x, 1e-6));
    };
    const AnswerCheck fine = check(*s);
    ASSERT_TRUE(fine.holds) << seed << " " << fine.why;
    ASSERT_LE(fine.lower, w->best().second + 1e-9);
    // The same prefix twice.
    AnswerStatement twice = *s;
    twice.closed.push_back(twice.closed[0]);
    refused_twice += !check(twice).holds;
    // A prefix and one that it begins.
    AnswerStatement child = *s;
    for (const ClosedPrefix& c : s->closed)
      if (!w->law->is_end(c.tokens.back()) &&
          static_cast<int>(c.tokens.size()) < w->law->horizon() && c.answer) {
        ClosedPrefix longer = c;
        longer.tokens.push_back(1);
        child.closed.push_back(longer);
        ASSERT_FALSE(check(child).holds) << seed;
        ++refused_child;
        break;
      }
    AnswerStatement other = *s;
    other.answer += "?";
    refused_answer += !check(other).holds;
    AnswerStatement relabelled = *s;
    relabelled.closed[0].answer = "nothing of the kind";
    ASSERT_FALSE(check(relabelled).holds);
    AnswerStatement missing = *s;
    missing.closed.pop_back();  // as few as it takes
    refused_missing += !check(missing).holds;
    AnswerStatement broken = *s;
    broken.closed[0].tokens[0] = 99;
    ASSERT_FALSE(check(broken).holds);
  }
  EXPECT_GT(stated, 100);
  EXPECT_EQ(refused_twice, stated);
  EXPECT_EQ(refused_answer, stated);
  EXPECT_EQ(refused_missing, stated);
  EXPECT_GT(refused_child, 30);
}

TEST(Draws, AreUnbiasedAndTheSameInAnyWave) {
  double worst = 0;
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const auto w = make_world(seed);
    DrawsConfig c{.n = 400, .enough = 1, .batch = 400};
    c.decode.seed = seed;
    const auto draw = [&](const DrawsConfig& config) {
      return must(
          draw_answers(*w->table, w->table->root(), *w->law, *w->map, w->speller(), config, {}));
    };
    const DrawnAnswers all = draw(c);
    ASSERT_EQ(all.n, 400);
    for (const AnswerMass& a : all.answers) {
      const double p = w->mass(a.answer), sd = std::sqrt(p * (1 - p) / 400);
      if (sd > 1e-3) worst = std::max(worst, std::abs(a.mass - p) / sd);
      ASSERT_TRUE(a.lower <= a.mass && a.mass <= a.upper);
    }
    c.enough = 0.95;
    const DrawnAnswers stopped = draw(c);
    for (const int batch : {1, 3, 7}) {
      c.batch = batch;
      const DrawnAnswers other = draw(c);
      ASSERT_EQ(other.n, stopped.n);
      ASSERT_EQ(other.given, stopped.given);
    }
    ASSERT_TRUE(std::equal(stopped.given.begin(), stopped.given.end(), all.given.begin()));
  }
  EXPECT_LT(worst, 4.5);  // of some 150 shares
  EXPECT_GT(worst, 1);
}

TEST(Draws, TheStopErrsNoMoreOftenThanItSays) {
  // Worlds of two answers whose shares are uniform: what the rule takes for granted.
  int stopped = 0, wrong = 0;
  std::mt19937 rng(3);
  for (int k = 0; k < 2000; ++k) {
    const double p = std::uniform_real_distribution<double>(0, 1)(rng);
    class Coin final : public CausalDensity {
     public:
      explicit Coin(double p) : p_(p) {}
      int n_vocab() const override { return 3; }
      bool is_end(Token v) const override { return v == 0; }
      const std::vector<Token>& end_tokens() const override { return end_; }
      int n_ctx() const override { return 4; }
      Status extend(std::span<const Extend> requests, Rows& out) override {
        out.start(requests.size());
        for (std::size_t r = 0; r < requests.size(); ++r) {
          out.rows.push_back({});
          out.rows.back().drawn = requests[r].needs.draw.u < p_ ? 1 : 2;
          out.first[r + 1] = static_cast<std::uint32_t>(r + 1);
        }
        return {};
      }
      Cost cost() const override { return {}; }
      Prefix ancestor(Prefix p, int) override { return p; }
      int depth(Prefix) const override { return 0; }
      void retain(Prefix) override {}
      void release(Prefix) override {}

     private:
      double p_;
      std::vector<Token> end_{0};
    } coin(p);
    const ReplyLaw law =
        must(ReplyLaw::make({.target = Target::kFixed, .horizon = 1}, 3, coin.end_tokens()));
    const auto map = must(parse_answer_map("yesno"));
    DrawsConfig c{.n = 64, .batch = 64};
    c.decode.seed = static_cast<std::uint64_t>(k);
    const DrawnAnswers a = must(draw_answers(
        coin, {}, law, *map,
        [](std::span<const Token> t) { return std::string(t[0] == 1 ? "yes" : "no"); }, c, {}));
    if (!a.settled) continue;
    ++stopped;
    wrong += (a.answers[0].answer == "yes") != (p > 0.5);
  }
  EXPECT_GT(stopped, 1500);
  EXPECT_LE(wrong, 0.05 * stopped);
  EXPECT_GT(wrong, 0);
}

TEST(Draws, WilsonsIntervalIsThatOfTheTextbook) {
  const Interval i = wilson(8, 10);
  EXPECT_NEAR(i.lower, 0.4901625, 1e-6);
  EXPECT_NEAR(i.upper, 0.9433178, 1e-6);
  EXPECT_EQ(wilson(0, 10).lower, 0);
  EXPECT_EQ(wilson(0, 0).upper, 1);
}

}  // namespace
}  // namespace ponder
