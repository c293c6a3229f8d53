// Best-first search agrees with enumeration on random worlds, and its certificates are true.
#include <cmath>
#include <map>
#include <new>

#include "ponder/search/search.h"
#include "worlds.h"

namespace ponder {
namespace {

using test::World;

// The best ended reply of a longer horizon, which an any-length claim includes.
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
      EXPECT_LE(cert.margin, w.replies[r->replies.size() - 1].logprob -
                                 w.replies[r->replies.size()].logprob + 1e-9)
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
    if (rng() % 2) c.slack = 0.3;
    const Budget budget{.tokens = static_cast<std::int64_t>(rng() % 12)};
    const auto r = best_first(*w.density, w.context, w.law, c, {}, budget);
    ASSERT_TRUE(r.ok());
    if (r->replies.empty()) {
      EXPECT_EQ(r->certificate.status, Certificate::Status::kNone);
      return;
    }
    EXPECT_GE(r->replies[0].logprob + r->certificate.gap, w.replies[0].logprob - 1e-12)
        << "world " << i;
    gaps += r->certificate.status == Certificate::Status::kGap;
    if (r->certificate.status != Certificate::Status::kOptimal) return;
    ++proofs;
    EXPECT_NEAR(r->replies[0].logprob, w.replies[0].logprob, 1e-12) << "world " << i;
  });
  EXPECT_GT(gaps, 20);
  EXPECT_GT(proofs, 20);
}

// A random prior of lengths, which may favour long replies.
std::vector<double> random_prior(std::mt19937& rng, int horizon) {
  std::vector<double> prior(horizon + 1);
  for (double& x : prior) x = static_cast<double>(rng() % 600) / 100 - 3;
  return prior;
}

TEST(BestFirst, WithALengthPriorItRanksByBoth) {
  test::for_tables(300, [&](const World& w, std::mt19937& rng, int i) {
    BestFirstConfig c;
    c.n_best = 1 + static_cast<int>(rng() % 3);
    c.max_children = 1 + static_cast<int>(rng() % 4);
    c.length_prior = random_prior(rng, w.law.horizon());
    const auto worth = [&](const Reply& r) { return r.logprob + c.length_prior[r.tokens.size()]; };
    std::vector<Reply> want = w.replies;
    std::stable_sort(want.begin(), want.end(),
                     [&](const Reply& a, const Reply& b) { return worth(a) > worth(b); });
    const auto r = best_first(*w.density, w.context, w.law, c, {}, {});
    ASSERT_TRUE(r.ok());
    ASSERT_EQ(r->certificate.status, Certificate::Status::kOptimal);
    ASSERT_EQ(r->replies.size(), std::min<std::size_t>(c.n_best, want.size()));
    for (std::size_t k = 0; k < r->replies.size(); ++k)
      ASSERT_NEAR(worth(r->replies[k]), worth(want[k]), 1e-12) << "world " << i;
    EXPECT_NE(r->certificate.claim, Certificate::Claim::kAnyLength);
  });
}

TEST(BestFirst, TheBestOfEachLength) {
  int gaps = 0, proofs = 0;
  test::for_tables(400, [&](const World& w, std::mt19937& rng, int i) {
    BestFirstConfig c{.per_length = true};
    c.batch = 1 + static_cast<int>(rng() % 8);
    c.max_children = 1 + static_cast<int>(rng() % 4);
    Budget budget;
    if (rng() % 2) budget.tokens = static_cast<std::int64_t>(rng() % 8);
    const auto r = best_first(*w.density, w.context, w.law, c, {}, budget);
    ASSERT_TRUE(r.ok());
    std::map<std::size_t, double> want;
    for (const Reply& x : w.replies) want.emplace(x.tokens.size(), x.logprob);
    const bool whole = budget.tokens > 1000;
    if (whole) {
      ASSERT_EQ(r->per_length.size(), want.size()) << "world " << i;
    }
    for (const LengthBest& b : r->per_length) {
      const double best = want.at(b.reply.tokens.size());
      if (whole) {
        EXPECT_EQ(b.gap, 0);
      }
      EXPECT_GE(b.reply.logprob + b.gap, best - 1e-12) << "world " << i;
      ++(b.gap > 0 ? gaps : proofs);
    }
    if (r->certificate.status == Certificate::Status::kOptimal) {
      EXPECT_NEAR(r->replies[0].logprob, w.replies[0].logprob, 1e-12);
    }
  });
  EXPECT_GT(gaps, 20);
  EXPECT_GT(proofs, 500);
}

TEST(BestFirst, RivalsAreAllRepliesWithinTheSlack) {
  int rivals = 0;
  test::for_tables(300, [&](const World& w, std::mt19937& rng, int i) {
    BestFirstConfig c{.n_best = 1 + static_cast<int>(rng() % 3), .slack = 0.7};
    const auto r = best_first(*w.density, w.context, w.law, c, {}, {});
    ASSERT_TRUE(r.ok());
    test::expect_same_replies(r->replies, w.replies, c.n_best, "world " + std::to_string(i));
    const std::size_t n = r->replies.size();
    std::size_t near = 0;
    for (std::size_t k = n; k < w.replies.size(); ++k)
      near += w.replies[k].logprob > w.replies[n - 1].logprob - c.slack;
    ASSERT_EQ(r->rivals.size(), near) << "world " << i;
    rivals += static_cast<int>(near);
    EXPECT_EQ(r->certificate.tie, near > 0 ? c.slack : 0);
    // Under the same law the result does not change.
    auto settled = *r;
    ASSERT_TRUE(settle(*w.density, w.context, w.law, c, settled).ok());
    if (near > 0 && w.replies[n - 1].logprob - w.replies[n].logprob > 2 * kErrorF32) {
      EXPECT_EQ(settled.certificate.tie, 0);
    }
  });
  EXPECT_GT(rivals, 50);
}

TEST(BestFirst, AnotherArithmeticThatSwapsTwoIsATie) {
  test::for_tables(100, [](const World& w, std::mt19937&, int) {
    if (w.replies.size() < 2) return;
    BestFirstResult r;
    r.replies = {w.replies[1]};
    r.rivals = {w.replies[0]};
    ASSERT_TRUE(settle(*w.density, w.context, w.law, {}, r).ok());
    EXPECT_NEAR(r.certificate.tie, std::max(w.replies[0].logprob - w.replies[1].logprob, kErrorF32),
                1e-9);
  });
}

// A table with room for only a few prefixes a pass, or with memory that runs out in the middle.
struct Cramped : TableDensity {
  using TableDensity::TableDensity;
  std::size_t room = 1 << 20;
  int passes_left = 1 << 20;
  Status extend(std::span<const Extend> requests, Rows& out) override {
    if (passes_left-- <= 0) throw std::bad_alloc();
    if (requests.size() > room)
      return out.fail(requests.size(), {Code::kResource, "room", "none", "", ""});
    return TableDensity::extend(requests, out);
  }
};

TEST(BestFirst, TooLittleMemoryIsAGapAndNoError) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    Cramped d({.n_vocab = 5, .seed = seed, .peak = 1});
    const auto law = *ReplyLaw::make({.horizon = 5}, d.n_vocab(), d.end_tokens());
    const auto all = *enumerate_replies(d, d.root(), law);
    d.room = 3;  // smaller batches succeed
    auto r = best_first(d, d.root(), law, {}, {}, {});
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->certificate.status, Certificate::Status::kOptimal);
    EXPECT_NEAR(r->replies[0].logprob, all[0].logprob, 1e-12);
    d.room = 0;
    r = best_first(d, d.root(), law, {}, std::vector<Reply>{all.back()}, {});
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->certificate.status, Certificate::Status::kGap);
    EXPECT_NEAR(r->certificate.bound, 0, 1e-12);
    d.room = 100;
    d.passes_left = static_cast<int>(seed % 6);
    r = best_first(d, d.root(), law, {}, std::vector<Reply>{all.back()}, {});
    ASSERT_TRUE(r.ok());
    EXPECT_GE(r->replies[0].logprob + r->certificate.gap, all[0].logprob - 1e-12);
    EXPECT_EQ(d.n_live(), 0);
  }
}

TEST(BestFirst, MemoryOfTheTreeIsBounded) {
  struct Counting : TableDensity {
    using TableDensity::TableDensity;
    int most = 0;
    Status extend(std::span<const Extend> requests, Rows& out) override {
      Status s = TableDensity::extend(requests, out);
      most = std::max(most, n_live());
      return s;
    }
  } d({.n_vocab = 6, .seed = 5, .peak = 0.3});
  const auto law = *ReplyLaw::make({.horizon = 12}, d.n_vocab(), d.end_tokens());
  const auto r =
      best_first(d, d.root(), law, {.n_best = 10000, .batch = 1, .max_frontier = 20}, {}, {});
  ASSERT_TRUE(r.ok());
  EXPECT_GT(r->certificate.expanded, 100);
  EXPECT_LT(d.most, 60);  // the waiting entries hang on a few prefixes
}

TEST(BestFirst, NoBudgetAndBadConfigurations) {
  TableDensity d({.seed = 3});
  const auto law = *ReplyLaw::make({.horizon = 5}, d.n_vocab(), d.end_tokens());
  const auto none = best_first(d, d.root(), law, {}, {}, {.seconds = 0});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->certificate.status, Certificate::Status::kNone);
  const std::vector<Reply> incumbent{{{0}, -3, true}};
  const auto gap = best_first(d, d.root(), law, {}, incumbent, {.tokens = 0});
  EXPECT_EQ(gap->certificate.status, Certificate::Status::kGap);
  EXPECT_NEAR(gap->certificate.gap, 3, 1e-12);
  EXPECT_FALSE(best_first(d, d.root(), law, {.n_best = 0}, {}, {}).ok());
  EXPECT_FALSE(best_first(d, d.root(), law, {.n_best = 2, .per_length = true}, {}, {}).ok());
  EXPECT_FALSE(best_first(d, d.root(), law, {.slack = -1}, {}, {}).ok());
  EXPECT_FALSE(best_first(d, d.root(), law, {.length_prior = {0, 1}}, {}, {}).ok());
  std::atomic<bool> stop{true};
  EXPECT_TRUE(best_first(d, d.root(), law, {}, {}, {.stop = &stop})->replies.empty());
}

}  // namespace
}  // namespace ponder
