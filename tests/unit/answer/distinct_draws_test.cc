// Draws without replacement on worlds that can be enumerated: no reply twice, weights without bias,
// the whole mass where there are enough draws, intervals that hold, and the same draws in any
// batch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "answer_worlds.h"

namespace ponder {
namespace {

using test::AnswerWorld;
using test::make_world;
using test::must;

DistinctAnswers draw(const AnswerWorld& w, const DistinctDrawsConfig& c, const Budget& b = {}) {
  return must(draw_distinct_answers(*w.table, w.table->root(), *w.law, *w.map, w.speller(), c, b));
}

// Of many errors whose mean should be 0.
struct Errors {
  double sum = 0, squares = 0;
  void add(double x) { sum += x, squares += x * x; }
  double z() const { return squares > 0 ? sum / std::sqrt(squares) : 0; }
};

double weight_of(const DistinctAnswers& a, const std::optional<std::string>& answer) {
  double sum = 0;
  for (std::size_t i = 0; i < a.given.size(); ++i)
    if (a.given[i] == answer) sum += a.weights[i];
  return sum;
}

// Half of the worlds are tempered.
double alpha_of(std::uint32_t seed) { return seed % 2 ? 1 : 1 / 0.7; }

TEST(DistinctDraws, WeightsAreUnbiasedAndNoReplyComesTwice) {
  Errors leader, none, total, first;
  int covered = 0, intervals = 0, full = 0;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    const auto w = make_world(seed, alpha_of(seed));
    DistinctDrawsConfig c{.n = 2 + static_cast<int>(seed % 5), .temperature = 1 / alpha_of(seed)};
    const auto [best, mass] = w->best();
    for (int k = 0; k < 30; ++k) {
      c.seed = static_cast<std::uint64_t>(k) << 32 | seed;
      const DistinctAnswers a = draw(*w, c);
      ASSERT_LE(a.n, c.n);
      std::set<std::vector<Token>> replies;
      for (const Reply& r : a.replies) replies.insert(r.tokens);
      ASSERT_EQ(replies.size(), static_cast<std::size_t>(a.n)) << seed;
      double sum = a.none + a.open;
      for (const AnswerMass& m : a.answers) {
        sum += m.mass;
        ASSERT_LE(m.lower, m.mass + 1e-6);
        ASSERT_GE(m.upper, m.mass - 1e-6);
        ++intervals;
        covered += m.lower <= w->mass(m.answer) + 1e-6 && w->mass(m.answer) <= m.upper + 1e-6;
      }
      ASSERT_NEAR(sum, 1, 1e-6) << seed;
      if (a.settled) {
        ASSERT_EQ(a.answers[0].answer, best) << seed;
      }
      full += a.found > 1 - 1e-6;
      leader.add(weight_of(a, best) - mass);
      none.add(weight_of(a, std::nullopt) - w->truth[std::nullopt]);
      total.add(a.total - 1);
      first.add((a.n > 0 && a.given[0] == best) - mass);  // the first is an ordinary draw
    }
  }
  for (const Errors& e : {leader, none, total, first}) {
    std::printf("z = %.2f\n", e.z());
    EXPECT_LT(std::abs(e.z()), 4);
  }
  std::printf("%d of %d intervals hold, %d draws found everything\n", covered, intervals, full);
  EXPECT_GT(covered, 0.93 * intervals);
  EXPECT_GT(full, 1000);
}

double mass_of(const DrawnAnswers& a, const std::string& answer) {
  for (const AnswerMass& m : a.answers)
    if (m.answer == answer) return m.mass;
  return 0;
}

// Of the leader's mass, in worlds that so many draws do not find as a whole.
TEST(DistinctDraws, ErrLessThanDrawsWithReplacement) {
  for (const int n : {2, 4, 8, 16}) {
    double with = 0, without = 0;
    int runs = 0;
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
      const auto w = make_world(seed, alpha_of(seed));
      const auto [best, mass] = w->best();
      for (std::uint64_t k = 0; k < 10; ++k) {
        const double temperature = 1 / alpha_of(seed);
        const DistinctAnswers a = draw(*w, {.n = n, .temperature = temperature, .seed = k});
        if (a.found > 1 - 1e-6) continue;
        DrawsConfig c{.n = n, .enough = 1};
        c.decode = {.temperature = temperature, .seed = k};
        const DrawnAnswers b =
            must(draw_answers(*w->table, w->table->root(), *w->law, *w->map, w->speller(), c, {}));
        without += std::pow(mass_of(a, best) - mass, 2);
        with += std::pow(mass_of(b, best) - mass, 2);
        ++runs;
      }
    }
    std::printf("%2d draws: error of the leader's mass %.3f distinct, %.3f with replacement\n", n,
                std::sqrt(without / runs), std::sqrt(with / runs));
    EXPECT_LT(without, 0.8 * with);
    EXPECT_GT(runs, 500);
  }
}

TEST(DistinctDraws, EnoughOfThemFindEverything) {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const auto w = make_world(seed, alpha_of(seed));
    DistinctDrawsConfig c{.n = 4000, .temperature = 1 / alpha_of(seed), .seed = seed};
    const DistinctAnswers a = draw(*w, c);
    ASSERT_LT(a.n, c.n);
    ASSERT_NEAR(a.found, 1, 1e-6) << seed;
    ASSERT_NEAR(a.total, 1, 1e-6);
    ASSERT_NEAR(a.none, w->truth[std::nullopt], 1e-6);
    ASSERT_EQ(a.open, 0);
    ASSERT_EQ(a.settled, w->best().second > 0) << seed;
    for (const AnswerMass& m : a.answers) {
      ASSERT_NEAR(m.mass, w->mass(m.answer), 1e-6) << seed;
      ASSERT_NEAR(m.upper - m.lower, 0, 1e-6);
    }
  }
}

TEST(DistinctDraws, AreTheSameInAnyBatch) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const auto w = make_world(seed);
    DistinctDrawsConfig c{.n = 2 + static_cast<int>(seed % 70), .seed = seed, .batch = 64};
    const DistinctAnswers a = draw(*w, c);
    for (const int batch : {1, 3}) {
      c.batch = batch;
      const DistinctAnswers b = draw(*w, c);
      ASSERT_EQ(a.weights, b.weights);
      ASSERT_EQ(a.given, b.given);
      ASSERT_EQ(a.none, b.none);
      ASSERT_EQ(a.found, b.found);
    }
  }
}

TEST(DistinctDraws, ABudgetLeavesMassOpen) {
  int cut = 0;
  Errors leader;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const auto w = make_world(seed);
    const auto [best, mass] = w->best();
    const DistinctAnswers a = draw(*w, {.n = 4, .seed = seed}, {.tokens = 2});
    double sum = a.none + a.open;
    for (const AnswerMass& m : a.answers) {
      sum += m.mass;
      ASSERT_LE(m.lower, m.mass + 1e-6);
      ASSERT_GE(m.upper, m.mass - 1e-6);
    }
    ASSERT_NEAR(sum, 1, 1e-6) << seed;
    if (a.settled) {
      ASSERT_EQ(a.answers[0].answer, best);
    }
    ASSERT_TRUE(a.unfinished.empty() || a.open > 0) << seed;
    cut += !a.unfinished.empty();
  }
  EXPECT_GT(cut, 50);
}

TEST(DistinctDraws, BadSettingsAreToldApart) {
  const auto w = make_world(1);
  for (const DistinctDrawsConfig& c :
       {DistinctDrawsConfig{.n = 0}, {.temperature = 0}, {.batch = 0}})
    EXPECT_EQ(
        draw_distinct_answers(*w->table, w->table->root(), *w->law, *w->map, w->speller(), c, {})
            .error()
            .code,
        Code::kInvalid);
}

}  // namespace
}  // namespace ponder
