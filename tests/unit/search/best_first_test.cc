// Best-first search equals enumeration on random worlds, and its certificates say what is true.
#include <cmath>

#include "ponder/search.h"
#include "worlds.h"

namespace ponder {
namespace {

using test::World;

// Replies of a longer horizon, ended: what an any-length claim speaks of.
double best_of_longer(const World& w, int horizon) {
  ReplyLawConfig c = w.law.config();
  c.horizon = horizon;
  const auto law = ReplyLaw::make(c, w.density->n_vocab(), w.density->end_tokens());
  const auto all = *enumerate_replies(*w.density, w.context, *law);
  return all[0].logprob;
}

TEST(BestFirst, EqualsEnumerationOnRandomWorlds) {
  int any_length = 0, within = 0;
  test::for_tables(1000, [&](const World& w, std::mt19937& rng, int i) {
    BestFirstConfig c;
    c.n_best = 1 + static_cast<int>(rng() % 5);
    c.batch = 1 + static_cast<int>(rng() % 8);
    c.max_children = 1 + static_cast<int>(rng() % 4);
    std::vector<Reply> incumbents;
    for (unsigned k = 0; k < rng() % 3 && !w.replies.empty(); ++k)
      incumbents.push_back(w.replies[rng() % w.replies.size()]);
    incumbents.push_back({{}, 5, true});         // no reply
    incumbents.push_back({{1, 0, 0}, 5, true});  // goes on after its end
    const auto r = best_first(*w.density, w.context, w.law, c, incumbents, {});
    ASSERT_TRUE(r.ok());
    const std::string what = "world " + std::to_string(i);
    test::expect_same_replies(r->replies, w.replies, c.n_best, what);
    const Certificate& cert = r->certificate;
    ASSERT_EQ(cert.status, Certificate::Status::kOptimal) << what;
    EXPECT_EQ(cert.gap, 0);
    double kept = 0;
    for (const Reply& k : r->replies) kept += std::exp(k.logprob);
    EXPECT_NEAR(cert.mass_kept, kept, 1e-9);
    EXPECT_GE(cert.mass_left, -1e-9);
    EXPECT_LE(cert.mass_left, 1);
    // The margin is a lower bound on the distance to the best reply that was not kept.
    if (w.replies.size() > r->replies.size()) {
      EXPECT_LE(cert.margin, w.replies[r->replies.size() - 1].logprob - w.replies[r->replies.size()].logprob + 1e-9)
          << what;
    }
    if (w.law.target() != Target::kEnded) return;
    if (cert.claim == Certificate::Claim::kAnyLength && c.n_best == 1) {
      ++any_length;
      EXPECT_LE(best_of_longer(w, w.law.horizon() + 2), w.replies[0].logprob + 1e-12) << what;
    } else {
      ++within;
    }
  });
  EXPECT_GT(any_length, 50);
  EXPECT_GT(within, 10);
}

TEST(BestFirst, AGapIsABoundWheneverItStops) {
  int gaps = 0, proofs = 0;
  test::for_tables(400, [&](const World& w, std::mt19937& rng, int i) {
    BestFirstConfig c;
    c.batch = 1 + static_cast<int>(rng() % 4);
    c.max_children = 1 + static_cast<int>(rng() % 3);
    if (rng() % 2) c.max_frontier = 1 + static_cast<int>(rng() % 4);
    const Budget budget{.tokens = static_cast<std::int64_t>(rng() % 12)};
    const auto r = best_first(*w.density, w.context, w.law, c, {}, budget);
    ASSERT_TRUE(r.ok());
    if (r->replies.empty()) {
      EXPECT_EQ(r->certificate.status, Certificate::Status::kNone);
      return;
    }
    EXPECT_GE(r->replies[0].logprob + r->certificate.gap, w.replies[0].logprob - 1e-12) << "world " << i;
    gaps += r->certificate.status == Certificate::Status::kGap;
    if (r->certificate.status != Certificate::Status::kOptimal) return;
    ++proofs;
    EXPECT_NEAR(r->replies[0].logprob, w.replies[0].logprob, 1e-12) << "world " << i;
  });
  EXPECT_GT(gaps, 20);
  EXPECT_GT(proofs, 20);
}

TEST(BestFirst, NoBudgetAndBadConfigurations) {
  TableDensity d({.seed = 3});
  const auto law = *ReplyLaw::make({.horizon = 5}, d.n_vocab(), d.end_tokens());
  const auto none = best_first(d, 0, law, {}, {}, {.seconds = 0});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->certificate.status, Certificate::Status::kNone);
  const std::vector<Reply> incumbent{{{0}, -3, true}};
  const auto gap = best_first(d, 0, law, {}, incumbent, {.tokens = 0});
  EXPECT_EQ(gap->certificate.status, Certificate::Status::kGap);
  EXPECT_NEAR(gap->certificate.gap, 3, 1e-12);
  EXPECT_FALSE(best_first(d, 0, law, {.n_best = 0}, {}, {}).ok());
  std::atomic<bool> stop{true};
  EXPECT_TRUE(best_first(d, 0, law, {}, {}, {.stop = &stop})->replies.empty());
}

}  // namespace
}  // namespace ponder
