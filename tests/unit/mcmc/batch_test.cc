// Chains do not feel each other: stepped together or alone, in any order, they draw the same replies.
#include <gtest/gtest.h>

#include <set>

#include "density/table.h"
#include "ponder/kernel.h"

namespace ponder {
namespace {

TEST(Kernels, SameDrawsInAnyBatch) {
  TableDensity d({.n_vocab = 6, .end_tokens = {0, 5}, .seed = 3, .peak = 1});
  {
    const auto law = ReplyLaw::make({.horizon = 12, .min_length = 6}, 6, d.end_tokens());
    const Energy e = *Energy::make(d, 0, *law, {{.alpha = 2}});
    const int n_chains = 5, n_steps = 30;
    for (const char* spec : {"suffix", "suffix:tries=3,cut=entropy+suffix:temperature=1"}) {
      const auto kernel = std::move(*make_kernel(spec, e));
      std::vector<std::vector<std::vector<Token>>> draws[2];  // (together or alone; chain, step)
      for (const int together : {0, 1}) {
        draws[together].resize(n_chains);
        const int size = together ? n_chains : 1;
        for (int first = 0; first < n_chains; first += size) {
          std::vector<ChainState> chains(size);
          for (int step = 0; step <= n_steps; ++step) {
            std::vector<std::unique_ptr<Choices>> own;
            std::vector<Choices*> choices;
            for (int c = 0; c < size; ++c) {
              own.push_back(random_choices(9, static_cast<std::uint32_t>(first + c), static_cast<std::uint32_t>(step)));
              choices.push_back(own.back().get());
            }
            std::vector<StepInfo> infos(size * kernel->moves().size());
            const Status s = step == 0 ? draw_starts(e, choices, 100, chains) : kernel->step(chains, choices, infos);
            ASSERT_TRUE(s.ok()) << s.error().message();
            for (int c = 0; c < size; ++c) draws[together][first + c].push_back(chains[c].tokens);
          }
        }
      }
      EXPECT_EQ(draws[0], draws[1]) << spec;
      std::set<std::vector<Token>> distinct;
      for (const auto& chain : draws[0]) distinct.insert(chain.begin(), chain.end());
      EXPECT_GT(distinct.size(), 20u) << spec;
    }
  }
  EXPECT_EQ(d.n_live(), 0);
}

TEST(Kernels, StartsThatCannotBe) {
  TableDensity d({.n_vocab = 3, .end_tokens = {0}, .seed = 3, .peak = 0.01});
  const auto law = ReplyLaw::make({.horizon = 1}, 3, d.end_tokens());
  const Energy e = *Energy::make(d, 0, *law, {{.alpha = 1}});
  std::vector<std::unique_ptr<Choices>> own;
  std::vector<Choices*> choices;
  for (std::uint32_t c = 0; c < 20; ++c) choices.push_back(own.emplace_back(random_choices(1, c, 0)).get());
  std::vector<ChainState> chains(20);
  const Status s = draw_starts(e, choices, 1, chains);
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.error().message().find("raise --max-length"), std::string::npos) << s.error().message();
  EXPECT_TRUE(draw_starts(e, choices, 100, chains).ok());
  for (const ChainState& c : chains) EXPECT_EQ(c.tokens, std::vector<Token>{0});
}

}  // namespace
}  // namespace ponder
