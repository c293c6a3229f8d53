// Chains do not influence each other: stepped together or separately, they draw the same replies;
// and no node of the tree is left.
#include <gtest/gtest.h>

#include <set>

#include "gradient_table.h"
#include "ponder/chains/kernel.h"

namespace ponder {
namespace {

using Draws = std::vector<std::vector<std::vector<Token>>>;  // (steps, chains) replies

// Steps `size` chains at a time.
Draws run(const Energy& e, const Kernel& kernel, int n_chains, int size, int n_steps) {
  Draws draws(n_steps + 1);
  for (int first = 0; first < n_chains; first += size) {
    std::vector<ChainState> chains(size);
    for (int c = 0; c < size; ++c) chains[c].replica = c % kernel.group();
    for (int step = 0; step <= n_steps; ++step) {
      const StepChoices owner(9, n_chains, static_cast<std::uint32_t>(step));
      const auto choices = owner.all().subspan(first, size);
      std::vector<StepInfo> infos(size * kernel.moves().size());
      const Status s =
          step == 0 ? draw_starts(e, choices, 100, chains) : kernel.step(chains, choices, infos);
      EXPECT_TRUE(s.ok()) << s.error().message();
      for (const ChainState& c : chains) draws[step].push_back(c.tokens);
      for (const StepInfo& i : infos) EXPECT_FALSE(i.numeric);
    }
  }
  return draws;
}

TEST(Kernels, SameDrawsInAnyBatch) {
  test::GradientTable d({.n_vocab = 6, .end_tokens = {0, 5}, .seed = 3, .peak = 1});
  {
    const auto law = ReplyLaw::make({.horizon = 12, .min_length = 6}, 6, d.end_tokens());
    const Energy one = *Energy::make(d, d.root(), *law, {{.alpha = 2}}),
                 ladder = *Energy::make(d, d.root(), *law, {{.alpha = 1}, {.alpha = 2}});
    for (const char* spec :
         {"suffix", "suffix:tries=3,cut=entropy+suffix:temperature=1", "suffix+gibbs",
          "insert-delete+gibbs*3+suffix", "csmc:particles=4,ess=1,ramp=3", "exchange+suffix",
          "dmala+gwg+pafs:length=2.5", "slice+slice:block=2", "hmc:angle=0.6+hmc:force=1,block=all",
          "hmc-token:force=0.5+suffix"}) {
      const Energy& e = std::string_view(spec).starts_with("exchange") ? ladder : one;
      const auto kernel = std::move(*make_kernel(spec, e));
      const Draws together = run(e, *kernel, 6, 6, 30);
      std::set<std::vector<Token>> distinct;
      for (const auto& chain : together) distinct.insert(chain.begin(), chain.end());
      EXPECT_GT(distinct.size(), 10u) << spec;
      const Draws apart = run(e, *kernel, 6, kernel->group(), 30);
      EXPECT_EQ(together, apart) << spec;
    }
  }
  EXPECT_EQ(d.n_live(), 0);
}

TEST(Kernels, StartsThatCannotBe) {
  TableDensity d({.n_vocab = 3, .end_tokens = {0}, .seed = 3, .peak = 0.01});
  const auto law = ReplyLaw::make({.horizon = 1}, 3, d.end_tokens());
  const Energy e = *Energy::make(d, d.root(), *law, {{.alpha = 1}});
  const StepChoices choices(1, 20, 0);
  std::vector<ChainState> chains(20);
  const Status s = draw_starts(e, choices.all(), 1, chains);
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.error().message().find("allow longer replies"), std::string::npos)
      << s.error().message();
  EXPECT_TRUE(draw_starts(e, choices.all(), 100, chains).ok());
  for (const ChainState& c : chains) EXPECT_EQ(c.tokens, std::vector<Token>{0});
}

// Where drafts do not end, starts are cut where an end token is most probable.
TEST(Starts, AreCutWhereDraftsDoNotEnd) {
  test::GradientTable d({.n_vocab = 5000, .end_tokens = {0, 7}, .seed = 5, .peak = 1});
  {
    const auto law = ReplyLaw::make({.horizon = 6, .min_length = 2}, 5000, d.end_tokens());
    const Energy e = *Energy::make(d, d.root(), *law, {{.alpha = 2}});
    const StepChoices choices(1, 8, 0);
    std::vector<ChainState> chains(8);
    ASSERT_FALSE(draw_starts(e, choices.all(), 4, chains).ok()) << "the drafts end by themselves";
    ASSERT_TRUE(draw_starts(e, choices.all(), 5, chains).ok());
    for (const ChainState& c : chains) {
      EXPECT_TRUE(e.law().is_reply(c.tokens));
      std::vector<Energy::Edit> shorter;
      for (int t = 1; t < c.n(); ++t)
        for (Token end : {0, 7}) shorter.push_back({.base = &c, .from = t, .tail = {end}});
      std::vector<ChainState> others;
      ASSERT_TRUE(e.evaluate(shorter, others).ok());
      for (const ChainState& x : others) EXPECT_LE(x.logprobs.back(), c.logprobs.back());
    }
  }
  EXPECT_EQ(d.n_live(), 0) << "prefixes are left";
}

}  // namespace
}  // namespace ponder
