// The law of suffix moves. docs/methods.md#suffix.
#include "worlds.h"

namespace ponder::test {
namespace {

TEST(SuffixLaw, OneTry) {
  expect_exact("suffix", 60);
  expect_exact("suffix:cut=entropy", 40);
}
TEST(SuffixLaw, WithoutEarlyRejection) {
  expect_exact("suffix:early=0", 40);
  expect_exact("suffix:tries=2,early=0", 15, {.max_replies = 12});
}
// Below alpha = 1, lZ of a row may be above or below the growth of log W, so that bounds rise and
// fall on the way.
TEST(SuffixLaw, BelowAlphaOne) {
  Worst worst;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    WorldConfig c;
    c.table = {.n_vocab = 4, .end_tokens = {0}, .seed = seed, .peak = 1};
    c.law = {.target = static_cast<Target>(seed % 3), .horizon = 4};
    c.replicas = {{0.5}};
    const World w(c);
    const Transitions t = transitions(w, **make_kernel("suffix", w.energy));
    ASSERT_FALSE(HasFatalFailure());
    worst.invariance = std::max(worst.invariance, t.invariance());
    worst.balance = std::max(worst.balance, t.detailed_balance());
    worst.rows = std::max(worst.rows, t.row_error());
    worst.moves += t.moves() / 6;
    ++worst.worlds;
  }
  report("suffix, alpha = 0.5", worst);
}
TEST(SuffixLaw, OtherTemperature) { expect_exact("suffix:temperature=0.7", 40); }
TEST(SuffixLaw, SeveralTries) {
  expect_exact("suffix:tries=2,cut=entropy", 25, {.max_replies = 12});
  expect_exact("suffix:tries=3,temperature=2", 10, {.max_replies = 7});
}

}  // namespace
}  // namespace ponder::test
