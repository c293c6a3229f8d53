// The laws of the discrete kernels besides suffix moves. docs/methods.md#kernels.
#include "worlds.h"

namespace ponder::test {
namespace {

TEST(GibbsLaw, ShortAndLongLists) {
  expect_exact("gibbs:candidates=2", 60);
  expect_exact("gibbs", 60);
}

TEST(InsertDeleteLaw, IsExact) { expect_exact("insert-delete", 60); }

TEST(CycleLaw, LeavesTheTargetUnchanged) {
  expect_exact("suffix+gibbs:candidates=2*2+insert-delete", 10, {.max_replies = 12}, false);
  // rows at two exponents
  expect_exact("suffix+suffix:temperature=0.5", 15, {.max_replies = 12}, false);
}

TEST(CsmcLaw, TwoParticles) {
  expect_exact("csmc:particles=2,ess=1", 40, {.max_horizon = 2, .max_replies = 12});
  expect_exact("csmc:particles=2,ess=0", 20, {.max_horizon = 2, .max_replies = 12});
  expect_exact("csmc:particles=2,ess=1,ramp=2", 20, {.max_horizon = 2, .max_replies = 12});
  expect_exact("csmc:particles=2,ess=1,ramp=5", 20,
               {.max_vocab = 3, .max_horizon = 3, .max_replies = 12});
}
TEST(CsmcLaw, ThreeParticles) {
  expect_exact("csmc:particles=3,ess=0.8,ramp=3", 10,
               {.max_vocab = 3, .max_horizon = 2, .max_replies = 7});
}

TEST(SubstitutionLaw, Dmala) {
  expect_exact("dmala:step=1", 60);
  expect_exact("dmala:step=0.4,uniform=0.1,gradient=0", 40);
}
TEST(SubstitutionLaw, Gwg) {
  expect_exact("gwg", 60);
  expect_exact("gwg:gradient=0", 40);
}
TEST(SubstitutionLaw, Pafs) {
  expect_exact("pafs:length=2", 60);
  expect_exact("pafs:length=2.4,gradient=0", 30);
}

// Two or three replicas of one small table, with and without terms, which have a weight only in the
// upper replicas.
TEST(ExchangeLaw, JointLawOfTheLadder) {
  Worst worst;
  for (unsigned k = 0; k < 24; ++k) {
    WorldConfig c;
    c.table = {.n_vocab = 3, .end_tokens = {0}, .seed = k, .peak = 1};
    c.law = {.target = static_cast<Target>(k % 3), .horizon = 2};
    c.term = k % 2;
    c.forbids = k % 4 == 3;
    c.replicas = {{1}, {2}};
    if (k >= 12) c.replicas = {{0.7}, {1.5}};
    for (std::size_t r = 0; r < 2 && c.term; ++r)
      c.replicas[r].beta = {r == 0 ? (k % 8 < 4 ? 0. : 0.4) : 0.9};
    if (k % 6 == 0) c.replicas.push_back({4, c.replicas[1].beta});
    const World w(c);
    const auto kernel = std::move(*make_kernel("exchange", w.energy));
    const Transitions t = transitions(w, *kernel);
    ASSERT_FALSE(HasFailure()) << k;
    worst.invariance = std::max(worst.invariance, t.invariance());
    worst.rows = std::max(worst.rows, t.row_error());
    worst.moves += t.moves() / 24;
    ++worst.worlds;
  }
  report("exchange", worst);
}

}  // namespace
}  // namespace ponder::test
