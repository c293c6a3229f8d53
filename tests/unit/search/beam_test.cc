// Beam search compared with an exhaustive beam (worlds.h) on random tables.
#include "ponder/search/search.h"
#include "worlds.h"

namespace ponder {
namespace {

using test::World;

TEST(Beam, EqualsAnExhaustiveBeamOnRandomWorlds) {
  test::for_tables(1000, [](const World& w, std::mt19937& rng, int i) {
    const int width = 1 + static_cast<int>(rng() % 6);
    const auto got = beam_search(*w.density, w.context, w.law, {.width = width}, {});
    ASSERT_TRUE(got.ok());
    const auto want = test::exhaustive_beam(w, width);
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
