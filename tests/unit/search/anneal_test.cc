// Annealed chains on random tables: they reach the mode, keep the best reply that they visit, and
// stop when told to.
#include "ponder/search/anneal.h"

#include "worlds.h"

namespace ponder {
namespace {

using test::World;

TEST(Anneal, FindsTheModeOfRandomWorlds) {
  int worlds = 0, found = 0;
  test::for_tables(50, [&](const World& w, std::mt19937& rng, int) {
    if (w.replies.empty()) return;
    const auto r = anneal(*w.density, w.context, w.law, {.cycles = 4, .seed = rng()}, {}, {});
    ASSERT_TRUE(r.ok()) << r.error().message();
    if (r->replies.empty()) return;  // no draw ended
    ++worlds;
    found += r->replies[0].logprob > w.replies[0].logprob - 1e-9;
    for (std::size_t i = 1; i < r->replies.size(); ++i)
      EXPECT_GE(r->replies[i - 1].logprob, r->replies[i].logprob);
  });
  EXPECT_GT(worlds, 40);
  EXPECT_GE(found, worlds * 95 / 100);
}

TEST(Anneal, KeepsTheBestItPassedAndIsNoWorseThanItsStarts) {
  test::for_tables(100, [](const World& w, std::mt19937& rng, int i) {
    if (w.replies.empty()) return;
    const std::vector<Reply> starts{w.replies[rng() % w.replies.size()],
                                    w.replies[rng() % w.replies.size()]};
    // The last stage is at alpha = 0, where all replies are equally probable, so that the chains do
    // not end at the best reply that they have visited.
    const AnnealConfig c{.stages = {{16, *KernelSpec::parse("suffix:tries=2"), 3},
                                    {0, *KernelSpec::parse("suffix"), 2}},
                         .cycles = 1,
                         .seed = rng()};
    const auto r = anneal(*w.density, w.context, w.law, c, starts, {});
    ASSERT_TRUE(r.ok()) << r.error().message();
    EXPECT_GE(r->replies.at(0).logprob, std::max(starts[0].logprob, starts[1].logprob) - 1e-12)
        << i;
    for (const Reply& x : r->replies) {
      const auto known = std::find_if(w.replies.begin(), w.replies.end(),
                                      [&](const Reply& y) { return y.tokens == x.tokens; });
      ASSERT_NE(known, w.replies.end());
      EXPECT_NEAR(known->logprob, x.logprob, 1e-12);
    }
  });
}

TEST(Anneal, AnswersAsTheSeedAloneSays) {
  TableDensity d({.n_vocab = 5, .seed = 12, .peak = 1});
  const auto law = *ReplyLaw::make({.target = Target::kTruncated, .horizon = 5}, 5, d.end_tokens());
  const auto all = [&](std::uint64_t seed) {
    std::vector<double> f;
    const AnnealConfig c{
        .stages = {{1, *KernelSpec::parse("suffix"), 2}}, .cycles = 1, .seed = seed};
    const auto result = anneal(d, d.root(), law, c, {}, {});
    for (const Reply& r : result->replies) f.push_back(r.logprob);
    return f;
  };
  EXPECT_EQ(all(1), all(1));
  EXPECT_NE(all(1), all(2));
  EXPECT_EQ(d.n_live(), 0);
}

TEST(Anneal, StopsBetweenBatches) {
  TableDensity d({.n_vocab = 5, .seed = 3});
  const auto law = *ReplyLaw::make({.target = Target::kFixed, .horizon = 20}, 5, d.end_tokens());
  const AnnealConfig c{.chains = 3};
  for (const std::int64_t tokens : {0, 1, 100, 1000}) {
    const Cost before = d.cost();
    ASSERT_TRUE(anneal(d, d.root(), law, c, {}, {.tokens = tokens}).ok());
    EXPECT_LE((d.cost() - before).total(), tokens + 3 * 4) << "more than a batch late";
  }
  std::atomic<bool> stop{true};
  const std::vector<Reply> starts{{std::vector<Token>(20, 1), -30, false}};
  const auto none = anneal(d, d.root(), law, c, starts, {.stop = &stop});
  ASSERT_TRUE(none.ok());
  ASSERT_EQ(none->replies.size(), 1u);  // the start is the result
  EXPECT_EQ(none->replies[0].tokens, starts[0].tokens);
  int asked = 0;
  EXPECT_TRUE(anneal(d, d.root(), law, c, {}, {.enough = [&] { return ++asked > 50; }}).ok());
  EXPECT_FALSE(anneal(d, d.root(), law, {.chains = 0}, {}, {}).ok());
  EXPECT_FALSE(anneal(d, d.root(), law, {.stages = {{1, KernelSpec(), 1}}}, {}, {}).ok());
  EXPECT_EQ(d.n_live(), 0);
}

}  // namespace
}  // namespace ponder
