// Every certificate of best-first search passes the check, and no forged one does.
#include "ponder/search/certificate.h"

#include <cmath>

#include "worlds.h"

namespace ponder {
namespace {

using test::World;

// whole rows of a table are in single precision
constexpr CheckConfig kExact{.tolerance = 1e-6, .batch = 3};

Statement statement(const BestFirstResult& r, const BestFirstConfig& c) {
  return {c.n_best, r.replies, c.length_prior, r.certificate};
}

CheckResult check(const World& w, const Statement& s, const Budget& b = {}) {
  const auto r = check_certificate(*w.density, w.context, w.law, s, kExact, b);
  EXPECT_TRUE(r.ok());
  return r.ok() ? *r : CheckResult{};
}

// Recomputes the figures from the replies and the bound, as a careful forger would.
Statement recomputed(Statement s) {
  Certificate& c = s.certificate;
  const double worst = s.replies.back().logprob;
  c.mass_kept = 0;
  for (const Reply& r : s.replies) c.mass_kept += std::exp(r.logprob);
  c.margin = worst - c.bound;
  c.gap = c.status == Certificate::Status::kOptimal ? 0 : std::max(0., c.bound - worst);
  return s;
}

void expect_forgeries_fail(const World& w, const Statement& good, int& dropped, int& claimed) {
  Statement s = good;
  s.replies.back().logprob -= 0.01;
  EXPECT_FALSE(check(w, recomputed(s)).valid) << "a log-probability altered";
  if (std::isfinite(good.certificate.bound)) {  // otherwise no other reply is left
    s = good;
    s.certificate.bound += 0.01;
    EXPECT_FALSE(check(w, s).valid) << "the bar raised";
  }
  s = good;
  s.replies[0].tokens.push_back(0);
  EXPECT_FALSE(check(w, s).valid) << "no reply of the law";
  s = good;
  s.certificate.mass_kept += 0.01;
  EXPECT_FALSE(check(w, s).valid) << "another mass";
  // The best reply is dropped and the next one takes its place.
  const std::size_t n = good.replies.size();
  if (w.replies.size() > n && w.replies[n - 1].logprob - w.replies[n].logprob > 1e-4 &&
      good.certificate.status == Certificate::Status::kOptimal) {
    s = good;
    s.replies.erase(s.replies.begin());
    s.replies.push_back(w.replies[n]);
    s.certificate.bound = std::min(s.certificate.bound, w.replies[n].logprob);
    EXPECT_FALSE(check(w, recomputed(s)).valid) << "a better reply dropped";
    ++dropped;
  }
  if (good.certificate.status == Certificate::Status::kGap) {
    s = good;
    s.certificate.status = Certificate::Status::kOptimal;
    EXPECT_FALSE(check(w, recomputed(s)).valid) << "a gap called a proof";
    ++claimed;
  }
}

TEST(Certificate, EveryOnePassesAndNoForgeryDoes) {
  int optimal = 0, gaps = 0, any_length = 0, dropped = 0, claimed = 0;
  test::for_tables(1000, [&](const World& w, std::mt19937& rng, int i) {
    BestFirstConfig c{.n_best = 1 + static_cast<int>(rng() % 3), .batch = 4, .max_children = 3};
    if (rng() % 3 == 0) c.max_frontier = 1 + static_cast<int>(rng() % 6);
    if (rng() % 4 == 0) c.slack = 0.5;
    if (rng() % 5 == 0)
      for (int t = 0; t <= w.law.horizon(); ++t)
        c.length_prior.push_back(static_cast<double>(rng() % 300) / 100);
    Budget budget;
    if (rng() % 3 == 0) budget.tokens = static_cast<std::int64_t>(rng() % 30);
    const auto r = best_first(*w.density, w.context, w.law, c, {}, budget);
    ASSERT_TRUE(r.ok());
    if (r->replies.empty()) return;
    const Statement good = statement(*r, c);
    const CheckResult checked = check(w, good);
    ASSERT_TRUE(checked.valid) << "world " << i << ": " << checked.why;
    const Certificate& cert = r->certificate;
    ++(cert.status == Certificate::Status::kOptimal ? optimal : gaps);
    any_length += cert.claim == Certificate::Claim::kAnyLength;
    if (c.length_prior.empty()) expect_forgeries_fail(w, good, dropped, claimed);
  });
  EXPECT_GT(optimal, 400);
  EXPECT_GT(gaps, 60);
  EXPECT_GT(any_length, 50);
  EXPECT_GT(dropped, 200);
  EXPECT_GT(claimed, 50);
}

TEST(Certificate, AnyLengthIsSeenThrough) {
  int forged = 0;
  test::for_tables(300, [&](const World& w, std::mt19937&, int i) {
    const auto r = best_first(*w.density, w.context, w.law, {}, {}, {});
    ASSERT_TRUE(r.ok());
    if (w.law.target() != Target::kEnded || r->certificate.claim == Certificate::Claim::kAnyLength)
      return;
    Statement s = statement(*r, {});
    s.certificate.claim = Certificate::Claim::kAnyLength;
    EXPECT_FALSE(check(w, s).valid) << "world " << i;
    ++forged;
  });
  EXPECT_GT(forged, 5);
}

TEST(Certificate, AnotherLawOrModelIsSeen) {
  TableDensity d({.n_vocab = 4, .seed = 11}), other({.n_vocab = 4, .seed = 12});
  const auto law = *ReplyLaw::make({.horizon = 5}, 4, d.end_tokens());
  const auto longer = *ReplyLaw::make({.horizon = 6}, 4, d.end_tokens());
  const auto fixed = *ReplyLaw::make({.target = Target::kFixed, .horizon = 5}, 4, d.end_tokens());
  const auto r = best_first(d, d.root(), law, {}, {}, {});
  const Statement s = statement(*r, {});
  EXPECT_TRUE(check_certificate(d, d.root(), law, s, kExact, {})->valid);
  EXPECT_FALSE(check_certificate(other, other.root(), law, s, kExact, {})->valid);
  EXPECT_FALSE(check_certificate(d, d.root(), longer, s, kExact, {})->valid);
  EXPECT_FALSE(check_certificate(d, d.root(), fixed, s, kExact, {})->valid);
  const auto undecided = check_certificate(d, d.root(), law, s, kExact, {.seconds = 0});
  EXPECT_FALSE(undecided->valid);
  EXPECT_FALSE(undecided->completed);
}

}  // namespace
}  // namespace ponder
