// The exact optimum compared with enumeration, and every optimiser compared with the exact optimum
// of a motif fitness.
#include <algorithm>
#include <bit>
#include <chrono>
#include <set>

#include "world.h"

namespace ponder::dna::test {
namespace {

Result<Sequence> random_start(const Constraints& c, std::mt19937& rng) {
  return draw_allowed(c, [&rng] { return std::uniform_real_distribution<double>()(rng); });
}

TEST(ExactOptimum, IsTheBestOfAllSequences) {
  std::mt19937 rng(2);
  for (int trial = 0; trial < 30; ++trial) {
    Constraints c{.letters = any_letters(6)};
    for (LetterSet& s : c.letters)
      if (rng() % 4 == 0) s = static_cast<LetterSet>(1 + rng() % 15);
    if (trial % 2) {
      for (LetterSet s : c.letters)
        for (Token v = 0; v < kLetters; ++v)
          if (s >> v & 1) {
            c.start.push_back(v);
            break;
          }
      c.max_edits = static_cast<int>(rng() % 4);
    }
    if (trial % 3 == 0) c.forbidden = {{3, 15, 12}, {8, 8}};
    ExactFitness f{
        .motifs = {{random_odds(3, rng)}, {random_odds(4, rng), Strands::kForward, 0.7}}};
    for (std::size_t i = 0; i < c.letters.size() * kLetters; ++i)
      f.letters.push_back(static_cast<double>(rng() % 1000) / 2000);
    const DnaWorld w(
        c,
        terms_of(make_motif_term("a", {f.motifs[0].odds}),
                 make_motif_term("b", {f.motifs[1].odds, Over::kBest, Strands::kForward})),
        {1, 0.7});
    double best = -INFINITY;
    for (const Sequence& x : all_sequences(6)) {
      double value = w.value(x);
      if (!std::isfinite(value)) continue;
      for (std::size_t t = 0; t < x.size(); ++t) {
        value += f.letters[t * kLetters + x[t]];
        value += std::log(static_cast<double>(std::popcount(c.letters[t])));  // the density's own
      }
      best = std::max(best, value);
    }
    const auto found = exact_optimum(c, f);
    ASSERT_EQ(found.ok(), std::isfinite(best)) << trial;
    if (!found.ok()) continue;
    EXPECT_NEAR(found->fitness, best, 1e-4) << trial;
    EXPECT_TRUE(std::isfinite(w.value(found->sequence))) << trial;
  }
}

TEST(ExactOptimum, SaysWhereConstraintsMeet) {
  Constraints c{.letters = any_letters(12)};
  const auto site = parse_iupac("GAATTC", "site");
  c.forbidden = {*site};
  std::copy(site->begin(), site->end(), c.letters.begin() + 3);
  auto found = exact_optimum(c, {});
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message().find("spell at 3"), std::string::npos)
      << found.error().message();
  c.letters = any_letters(12);
  c.forbidden = {*parse_iupac("SN", "site"), *parse_iupac("WNN", "site")};
  found = exact_optimum(c, {});
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message().find("position 2"), std::string::npos)
      << found.error().message();
}

TEST(Homopolymers, OfTheLongestAllowedMayStand) {
  Constraints c{.letters = any_letters(5)};
  forbid_homopolymers(2, c);
  const DnaWorld w(c, terms_of(make_gc_term(0.5, 1)), {1});
  EXPECT_TRUE(std::isfinite(w.value({0, 0, 1, 0, 0})));
  for (Token v = 0; v < kLetters; ++v)
    EXPECT_FALSE(std::isfinite(w.value({1 - v / 2, v, v, v, v / 2}))) << v;
}

TEST(DrawAllowed, KeepsAllConstraints) {
  std::mt19937 rng(1);
  Constraints c{
      .letters = *parse_iupac(std::string(20, 'N') + "TATAAA" + std::string(20, 'N'), "letters")};
  forbid_homopolymers(2, c);
  c.letters[23] = kAnyLetter;  // TATAAA has three A
  c.start = Sequence(46, 0);
  for (int t = 0; t < 46; ++t) c.start[t] = t % 4;
  c.max_edits = 9;
  const DnaWorld w(c, terms_of(make_gc_term(0.5, 1)), {1});
  std::set<Sequence> seen;
  for (int k = 0; k < 5; ++k) {
    const auto x = random_start(c, rng);
    ASSERT_TRUE(x.ok()) << x.error().message();
    EXPECT_TRUE(std::isfinite(w.value(*x)));
    seen.insert(*x);
  }
  EXPECT_GT(seen.size(), 1u);
}

// 40 letters and two motifs: the optimum is known, and only the exact optimiser uses the form of
// the fitness.
class Optimisers : public testing::Test {
 protected:
  Optimisers() {
    std::mt19937 rng(8);
    const LogOdds a = random_odds(7, rng), b = random_odds(6, rng);
    exact = {.motifs = {{a}, {b}}};
    const Constraints c{.letters = any_letters(40)};
    w = std::make_unique<DnaWorld>(
        c, terms_of(make_motif_term("a", {a}), make_motif_term("b", {b})),
        std::vector<double>{1, 1}, std::vector<double>{0.15, 2, 1.4, 1, 0.7, 0.5, 0.35, 0.25});
    best = exact_optimum(c, exact)->fitness;
    for (int k = 0; k < 12; ++k) starts.push_back(*random_start(c, rng));
  }
  void expect_optimum(const Result<Designs>& found) {
    ASSERT_TRUE(found.ok()) << found.error().message();
    const double offset = 40 * std::log(4.), tau = 0.15;
    EXPECT_NEAR((found->designs[0].fitness + offset) * tau, best, 1e-4);
    EXPECT_GE(found->designs[0].fitness, found->designs[1].fitness);
  }
  ExactFitness exact;
  std::unique_ptr<DnaWorld> w;
  double best = 0;
  std::vector<Sequence> starts;
};

TEST_F(Optimisers, Neighbours) { expect_optimum(climb(*w->energy, starts, {})); }
TEST_F(Optimisers, Ascent) {
  expect_optimum(ascend(*w->energy, w->c, starts,
                        {.relaxation = TokenRelaxation::Kind::kSoftmax, .steps = 150}, {}));
}
TEST_F(Optimisers, StraightThrough) {
  expect_optimum(ascend(*w->energy, w->c, starts, {.steps = 150}, {}));
}
TEST_F(Optimisers, PlainStraightThrough) {
  expect_optimum(ascend(*w->energy, w->c, starts, {.normalise = false, .steps = 150}, {}));
}
// Records the replicas at which it is called, and moves nothing.
class Watcher final : public Kernel {
 public:
  std::string_view name() const override { return "watcher"; }
  Status step(std::span<ChainState> chains, std::span<Choices* const>,
              std::span<StepInfo>) const override {
    for (const ChainState& s : chains) seen.push_back(s.replica);
    return {};
  }
  mutable std::vector<int> seen;
};
TEST_F(Optimisers, AnnealingEndsAtTheColdestReplica) {
  const Watcher kernel;
  ASSERT_TRUE(anneal(*w->energy, kernel, {starts.data(), 1}, 2, 1, {}).ok());
  EXPECT_EQ(kernel.seen, (std::vector<int>{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 0, 0}));
}
TEST_F(Optimisers, Annealing) {
  for (const char* spec : {"gibbs", "gwg", "pafs", "dmala", "hmc-token:force=1"}) {
    SCOPED_TRACE(spec);
    const auto kernel = make_kernel(spec, *w->energy);
    ASSERT_TRUE(kernel.ok());
    const auto found = anneal(*w->energy, **kernel, starts, 400, 1, {});
    expect_optimum(found);
  }
}

// Without a number of steps, the whole schedule from hot to cold takes place within the budget.
TEST_F(Optimisers, FillTheirBudget) {
  EXPECT_FALSE(ascend(*w->energy, w->c, starts, {.steps = 0}, {}).ok());
  const auto gwg = make_kernel("gwg", *w->energy);
  EXPECT_FALSE(anneal(*w->energy, **gwg, starts, 0, 1, {}).ok());
  for (const bool annealed : {false, true}) {
    const auto begin = std::chrono::steady_clock::now();
    const Budget budget{.seconds = 1};
    const auto found = annealed ? anneal(*w->energy, **gwg, starts, 0, 1, budget)
                                : ascend(*w->energy, w->c, starts, {.steps = 0}, budget);
    expect_optimum(found);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took.count(), 0.9);
    ASSERT_EQ(found->best.size(), found->designs.size());
    for (std::size_t i = 0; i < found->best.size(); ++i) {
      EXPECT_EQ(found->best[i].back(), found->designs[i].fitness);
      EXPECT_TRUE(std::is_sorted(found->best[i].begin(), found->best[i].end()));
    }
  }
}

// Tokens of a budget are letters; letters that go through relaxed terms count.
TEST_F(Optimisers, CountTheLettersOfAscent) {
  for (const auto kind :
       {TokenRelaxation::Kind::kStraightThrough, TokenRelaxation::Kind::kSoftmax}) {
    const auto found = ascend(*w->energy, w->c, starts, {.relaxation = kind, .steps = 0},
                              {.tokens = 40 * 12 * 101});
    ASSERT_TRUE(found.ok());
    const std::int64_t a_step = kind == TokenRelaxation::Kind::kSoftmax ? 24 : 12;
    EXPECT_GE((found->n_gradients + found->n_scored), 12 * 101);
    EXPECT_LT((found->n_gradients + found->n_scored), 12 * 101 + a_step);
  }
}

// The draws depend on the seed, and the results keep the constraints, which the terms do not
// contain.
TEST_F(Optimisers, AscentDrawsBySeedAndWithinConstraints) {
  std::mt19937 rng(3);
  Constraints c{.letters = any_letters(40)};
  forbid_homopolymers(2, c);
  c.start = *random_start(c, rng);
  c.max_edits = 6;
  const DnaWorld narrow(c, terms_of(make_motif_term("a", {exact.motifs[0].odds})), {1});
  std::vector<Sequence> found;
  for (const std::uint64_t seed : {1, 1, 2}) {
    const auto d = ascend(*narrow.energy, c, {&c.start, 1}, {.steps = 40, .seed = seed}, {});
    ASSERT_TRUE(d.ok()) << d.error().message();
    EXPECT_NEAR(d->designs[0].fitness, narrow.value(d->designs[0].sequence), 1e-5);
    EXPECT_GT(d->designs[0].fitness, narrow.value(c.start));
    found.push_back(d->designs[0].sequence);
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_NE(found[0], found[2]);
}

}  // namespace
}  // namespace ponder::dna::test
