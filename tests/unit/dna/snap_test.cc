// Sequences snapped from logits: they keep the constraints, are the argmax where that is allowed,
// and otherwise near the best sequence.
#include <algorithm>

#include "dna/snap.h"
#include "world.h"

namespace ponder::dna::test {
namespace {

// Random logits, and the worth of a sequence under them.
std::vector<double> random_logits(std::size_t n, std::mt19937& rng) {
  std::normal_distribution<double> normal;
  std::vector<double> z(n * kLetters);
  for (double& v : z) v = normal(rng);
  return z;
}
double worth(const std::vector<double>& z, const Sequence& x) {
  double sum = 0;
  for (std::size_t t = 0; t < x.size(); ++t) sum += z[t * kLetters + x[t]];
  return sum;
}

Sequence argmax(const std::vector<double>& z) {
  Sequence x;
  for (auto row = z.begin(); row != z.end(); row += kLetters)
    x.push_back(static_cast<Token>(std::max_element(row, row + kLetters) - row));
  return x;
}

TEST(Snap, KeepsTheConstraintsAndIsNearTheBestThatDoes) {
  std::mt19937 rng(4);
  double lost = 0, of_argmax = 0;
  for (int trial = 0; trial < 200; ++trial) {
    Constraints c{.letters = any_letters(60)};
    const Sequence frozen{0, 2, 0, 2, 2, 3};
    for (std::size_t j = 0; j < frozen.size(); ++j)
      c.letters[20 + j] = static_cast<LetterSet>(1 << frozen[j]);
    forbid_homopolymers(3, c);
    for (const char* site : {"GAATTC", "CCWGG", "TATA"})
      c.forbidden.push_back(*parse_iupac(site, "site"));
    if (trial % 2) {
      c.start = *draw_allowed(c, [&] { return std::uniform_real_distribution<double>()(rng); });
      c.max_edits = trial % 20;
    }
    const DnaWorld w(c, terms_of(make_gc_term(0.5, 1)), {1});
    const std::vector<double> z = random_logits(60, rng);
    const Sequence x = dna::snap(z, c);
    ASSERT_TRUE(std::isfinite(w.value(x))) << trial;
    if (trial % 2) continue;
    const double best = worth(z, exact_optimum(c, {.letters = z})->sequence);
    lost += best - worth(z, x);
    of_argmax += worth(z, argmax(z)) - best;
  }
  EXPECT_GT(of_argmax / 100, 1);                 // the constraints have a cost …
  EXPECT_LT(lost / 100, 0.1 * of_argmax / 100);  // … and the repair adds little to it
}

TEST(Snap, LeavesAnAllowedArgmaxAlone) {
  std::mt19937 rng(5);
  int seen = 0;
  for (int trial = 0; trial < 200; ++trial) {
    Constraints c{.letters = any_letters(12)};
    forbid_homopolymers(3, c);
    const DnaWorld w(c, terms_of(make_gc_term(0.5, 1)), {1});
    const std::vector<double> z = random_logits(12, rng);
    const Sequence top = argmax(z);
    if (!std::isfinite(w.value(top))) continue;
    ++seen;
    EXPECT_EQ(dna::snap(z, c), top);
  }
  EXPECT_GT(seen, 100);
}

TEST(Snap, EditsAreThoseOfTheLargestMargins) {
  Constraints c{.letters = any_letters(4), .start = {0, 0, 0, 0}, .max_edits = 2};
  const std::vector<double> z{0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 2, 0, 5, 0, 0, 0};
  EXPECT_EQ(dna::snap(z, c), (Sequence{0, 1, 2, 0}));
}

}  // namespace
}  // namespace ponder::dna::test
