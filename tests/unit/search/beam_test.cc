// Beam search against an exhaustive beam written from its definition: of all children of all live prefixes the `width`
// most likely survive; closing ones join the pool; it ends when no live prefix can enter the pool's best `width`.
#include <algorithm>

#include "ponder/search.h"
#include "worlds.h"

namespace ponder {
namespace {

using test::World;

// Log-probabilities of every string over the ids, by walking: prefix -> its children.
std::vector<Reply> exhaustive_beam(const World& w, std::size_t width) {
  std::vector<Reply> live{{}}, pool;
  for (int t = 0; t < w.law.horizon(); ++t) {
    if (live.empty()) break;
    if (pool.size() >= width && live[0].logprob <= pool[width - 1].logprob) break;
    std::vector<Reply> children;
    for (const Reply& p : live) {
      Rows rows;
      const TokenMask* mask = w.law.mask(t);
      const Extend e{.parent = w.context,
                     .tokens = p.tokens,
                     .rows = RowSet::kLast,
                     .needs = {.draw = {.kind = Draw::Kind::kList}},
                     .masks = {&mask, 1}};
      EXPECT_TRUE(w.density->extend({&e, 1}, rows).ok());
      w.density->release(rows.end[0]);
      for (const TokenProb& v : rows.rows[0].list) {
        Reply c = p;
        c.tokens.push_back(v.token);
        c.logprob += v.logprob;
        children.push_back(c);
      }
    }
    const auto better = [](const Reply& a, const Reply& b) { return a.logprob > b.logprob; };
    std::stable_sort(children.begin(), children.end(), better);
    children.resize(std::min(children.size(), width));
    live.clear();
    for (const Reply& c : children) (w.law.closes(t, c.tokens.back()) ? pool : live).push_back(c);
    std::stable_sort(pool.begin(), pool.end(), better);
  }
  pool.resize(std::min(pool.size(), width));
  return pool;
}

TEST(Beam, EqualsAnExhaustiveBeamOnRandomWorlds) {
  test::for_tables(1000, [](const World& w, std::mt19937& rng, int i) {
    const int width = 1 + static_cast<int>(rng() % 6);
    const auto got = beam_search(*w.density, w.context, w.law, {.width = width}, {});
    ASSERT_TRUE(got.ok());
    const auto want = exhaustive_beam(w, width);
    test::expect_same_replies(got->replies, want, want.size(), "world " + std::to_string(i));
    EXPECT_TRUE(got->completed);
  });
}

TEST(Beam, WideEnoughItFindsTheMode) {
  test::for_tables(100, [](const World& w, std::mt19937&, int i) {
    const auto got = beam_search(*w.density, w.context, w.law, {.width = 5000}, {});
    ASSERT_TRUE(got.ok());
    ASSERT_EQ(got->replies.size(), w.replies.size());
    EXPECT_NEAR(got->replies[0].logprob, w.replies[0].logprob, 1e-12) << i;
  });
}

}  // namespace
}  // namespace ponder
