// The law of HMC in token space, on the replies in its lists. docs/methods.md#token-space.
#include "long_run.h"
#include "mcmc/hmc_token.h"

namespace ponder::test {
namespace {

const HmcTokenKernel& token_kernel(const Kernel& k) {
  return dynamic_cast<const HmcTokenKernel&>(k);
}

class TokenHmcLaw : public testing::TestWithParam<const char*> {};
TEST_P(TokenHmcLaw, LongRunsStayInTheTarget) { expect_exact_in_long_runs(GetParam(), 1700, 30); }
INSTANTIATE_TEST_SUITE_P(Kernels, TokenHmcLaw,
                         testing::Values("hmc-token:step=0.5", "hmc-token:step=0.4,force=0.7"));

TEST(TokenHmcPath, TrajectoriesAreReversible) {
  double worst = 0, way = 0;
  for (const char* spec :
       {"hmc-token:step=0.2,steps=8", "hmc-token:step=0.2,force=0.8,steps=8",
        "hmc-token:step=0.2,force=0.8,steps=8,relaxation=straight-through,block=suffix"})
    for (const WorldConfig& c : worlds()) {
      const World w(c);
      const auto kernel = std::move(*make_kernel(spec, w.energy));
      const HmcTokenKernel& k = token_kernel(*kernel);
      for (std::size_t i = 0; i < w.replies.size(); ++i) {
        if (!k.holds(w.replies[i].tokens)) continue;
        const auto choices = random_choices(i, 0, 0);
        HmcTokenKernel::Point p = *k.lift(w.state(w.replies[i].tokens), *choices);
        const std::vector<double> start = p.z;
        ASSERT_TRUE(k.leapfrog({&p, 1}, 0.2).ok());
        for (std::size_t j = 0; j < start.size(); ++j)
          way = std::max(way, std::abs(p.z[j] - start[j]));
        for (double& v : p.p) v = -v;
        ASSERT_TRUE(k.leapfrog({&p, 1}, 0.2).ok());
        for (std::size_t j = 0; j < start.size(); ++j)
          worst = std::max(worst, std::abs(p.z[j] - start[j]));
      }
    }
  EXPECT_LT(worst, 1e-9);
  EXPECT_GT(way, 1);
  std::printf("back to %.1e\n", worst);
}

TEST(TokenHmcLists, OutsideThemAReplyStays) {
  const World w({.table = {.n_vocab = 4, .seed = 2, .peak = 1}, .law = {.horizon = 3}});
  const auto kernel = std::move(*make_kernel("hmc-token:candidates=2", w.energy));
  int outside = 0;
  for (const Reply& r : w.replies) {
    if (token_kernel(*kernel).holds(r.tokens)) continue;
    ++outside;
    ChainState s = w.state(r.tokens);
    const auto choices = random_choices(1, 0, 0);
    Choices* one = choices.get();
    StepInfo info;
    ASSERT_TRUE(kernel->step({&s, 1}, {&one, 1}, {&info, 1}).ok());
    EXPECT_EQ(s.tokens, r.tokens);
    EXPECT_EQ(info.position, -1);
  }
  EXPECT_GT(outside, 3);
}

}  // namespace
}  // namespace ponder::test
