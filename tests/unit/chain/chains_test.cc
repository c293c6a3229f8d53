// Chains: the same draws whether a run is stopped or not, the record, and the verdict.
#include "ponder/chains/chains.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "base/edit_distance.h"
#include "folder.h"
#include "law/toy/enumerate.h"
#include "law/toy/table.h"

namespace ponder {
namespace {

template <class T>
T must(Result<T> r) {
  EXPECT_TRUE(r.ok()) << (r.ok() ? "" : r.error().message());
  return std::move(*r);
}

struct World {
  explicit World(const std::string& spec, std::vector<Replica> replicas = {{.alpha = 2}})
      : density({.n_vocab = 4, .end_tokens = {0}, .seed = 5, .peak = 1}),
        energy(must(Energy::make(
            density, density.root(),
            must(ReplyLaw::make({.target = Target::kEnded, .horizon = 3}, 4, density.end_tokens())),
            std::move(replicas)))),
        kernel(must(make_kernel(spec, energy))) {}
  TableDensity density;
  Energy energy;
  std::unique_ptr<Kernel> kernel;
};

const ChainsConfig kConfig{.chains = 3, .warmup = 4, .thin = 2, .seed = 9};
const std::vector<Token> kFirst{1, 0};

void run(Chains& c, int n_draws) {
  while (c.n_draws() < n_draws) ASSERT_TRUE(c.step().ok());
}

void expect_same(const Chains& a, const Chains& b) {
  EXPECT_EQ(a.trace().replies, b.trace().replies);
  for (std::size_t k = 0; k < a.trace().posterior.size(); ++k)
    EXPECT_EQ(a.trace().posterior[k].chains, b.trace().posterior[k].chains)
        << a.trace().posterior[k].name;
  for (std::size_t k = 0; k < a.trace().sample_stats.size(); ++k)
    EXPECT_EQ(a.trace().sample_stats[k].chains, b.trace().sample_stats[k].chains)
        << a.trace().sample_stats[k].name;
  ASSERT_EQ(a.moves().size(), b.moves().size());
  for (std::size_t m = 0; m < a.moves().size(); ++m) {
    EXPECT_EQ(a.moves()[m].name, b.moves()[m].name);
    EXPECT_EQ(a.moves()[m].n, b.moves()[m].n);
    EXPECT_EQ(a.moves()[m].n_accepted, b.moves()[m].n_accepted);
  }
}

// The run is stopped after every single step, also in the warm-up, and read back from a file.
TEST(Chains, StoppedAndResumedAtEveryStepTheDrawsAreTheSame) {
  const Folder folder;
  const std::string path = folder / "chains";
  for (const auto& [spec, replicas] :
       {std::pair<std::string, std::vector<Replica>>{"suffix+gibbs", {{.alpha = 2}}},
        {"suffix+exchange", {{}, {.alpha = 3}}}}) {
    World w(spec, replicas);
    Chains whole = must(Chains::start(w.energy, *w.kernel, kConfig, kFirst));
    Chains parts = must(Chains::start(w.energy, *w.kernel, kConfig, kFirst));
    run(whole, 6);
    while (parts.n_draws() < 6) {
      ASSERT_TRUE(parts.step().ok());
      ASSERT_TRUE(write_snapshot(parts.snapshot(), "a", path).ok());
      parts = must(
          Chains::resume(w.energy, *w.kernel, kConfig, must(read_snapshot(path, "a")), kFirst));
    }
    expect_same(whole, parts);
  }
  EXPECT_EQ(read_snapshot(path, "b").error().code, Code::kInvalid);
}

// Chains that run ahead of each other make the same draws as chains that wait, are recorded in the
// same order, and can be stopped and resumed at any step.
TEST(Chains, ChainsThatDoNotWaitDrawTheSame) {
  const int n_draws = 40;
  const std::uint64_t n_steps = kConfig.warmup + n_draws * kConfig.thin;
  for (const char* spec :
       {"suffix", "suffix:tries=2,cut=entropy", "suffix:temperature=1,early=0", "suffix+gibbs"}) {
    World w(spec);
    Chains together = must(Chains::start(w.energy, *w.kernel, kConfig, kFirst));
    run(together, n_draws);
    Chains ahead = must(Chains::start(w.energy, *w.kernel, kConfig, kFirst));
    while (ahead.n_draws() < n_draws) {
      ASSERT_TRUE(ahead.step(n_steps - ahead.n_steps()).ok());
      if (ahead.n_steps() % 7 == 0)
        ahead = must(Chains::resume(w.energy, *w.kernel, kConfig, ahead.snapshot(), kFirst));
    }
    expect_same(together, ahead);
  }
}

// A density that counts its passes, and fails at one of them.
class CountingTable : public TableDensity {
 public:
  using TableDensity::TableDensity;
  Status extend(std::span<const Extend> batch, Rows& out) override {
    if (++n_passes == failing)
      return out.fail(batch.size(), {Code::kResource, "room", "none", "a pass", ""});
    return TableDensity::extend(batch, out);
  }
  int n_passes = 0, failing = -1;
};

TEST(Chains, ChainsThatDoNotWaitFillTheBatchAndSurviveErrors) {
  CountingTable d({.n_vocab = 4, .end_tokens = {0}, .seed = 5, .peak = 1});
  const Energy e = must(Energy::make(
      d, d.root(), must(ReplyLaw::make({.horizon = 6}, 4, d.end_tokens())), {{.alpha = 2}}));
  const auto kernel = must(make_kernel("suffix", e));
  constexpr std::uint64_t kSteps = 200;
  const ChainsConfig config{.chains = 8, .warmup = 0, .thin = 1, .seed = 1};
  Chains together = must(Chains::start(e, *kernel, config, kFirst)),
         ahead = must(Chains::start(e, *kernel, config, kFirst));
  d.n_passes = 0;
  while (together.n_steps() < kSteps) ASSERT_TRUE(together.step().ok());
  const int n_together = std::exchange(d.n_passes, 0);
  int n_failed = 0;
  while (ahead.n_steps() < kSteps) {
    if (ahead.n_steps() == 100 && n_failed == 0) d.failing = d.n_passes + 1;
    if (!ahead.step(kSteps - ahead.n_steps()).ok()) ++n_failed;
  }
  EXPECT_LT(d.n_passes, 0.8 * n_together);
  EXPECT_EQ(n_failed, 1);
  expect_same(together, ahead);
}

TEST(Chains, ASnapshotOfOtherChainsIsAnError) {
  World w("suffix"), other("suffix+gibbs");
  const Chains c = must(Chains::start(w.energy, *w.kernel, kConfig, kFirst));
  EXPECT_EQ(Chains::resume(other.energy, *other.kernel, kConfig, c.snapshot(), kFirst).error().code,
            Code::kInvalid);
  ChainsConfig more = kConfig;
  more.chains = 4;
  EXPECT_EQ(Chains::resume(w.energy, *w.kernel, more, c.snapshot(), kFirst).error().code,
            Code::kInvalid);
  more.chains = 0;
  EXPECT_EQ(Chains::start(w.energy, *w.kernel, more, kFirst).error().code, Code::kInvalid);
}

TEST(Chains, WhatIsRecordedIsOfTheTarget) {
  World w("suffix+exchange", {{}, {.alpha = 2}});
  Chains c = must(Chains::start(w.energy, *w.kernel, kConfig, kFirst));
  run(c, 1500);
  const Trace& t = c.trace();
  std::map<std::vector<Token>, double> counts;
  for (std::size_t i = 0; i < t.replies.size(); ++i)
    for (std::size_t d = 0; d < t.replies[i].size(); ++d) {
      counts[t.replies[i][d]] += 1. / (3 * 1500);
      EXPECT_EQ(t.posterior[1].chains[i][d], edit_distance<Token>(t.replies[i][d], kFirst));
      EXPECT_DOUBLE_EQ(t.sample_stats[0].chains[i][d], 2 * t.posterior[0].chains[i][d]);
      EXPECT_LE(t.sample_stats[2].chains[i][d], 1);
    }
  double z = 0, tv = 0;
  const auto replies = must(enumerate_replies(w.density, w.density.root(), w.energy.law()));
  for (const Reply& r : replies) z += std::exp(2 * r.logprob);
  for (const Reply& r : replies) tv += std::abs(counts[r.tokens] - std::exp(2 * r.logprob) / z) / 2;
  EXPECT_LT(tv, 0.03);
  EXPECT_GT(tv, 0);
  ASSERT_EQ(c.moves().size(), 3u);  // suffix, refresh, swap
  EXPECT_EQ(c.moves()[0].n, 2 * 3 * 1500 * kConfig.thin);
  std::int64_t n = 0;
  for (const auto& a : c.moves()[0].at) n += a.n;
  EXPECT_EQ(n, c.moves()[0].n);
  EXPECT_TRUE(judge(t).converged) << judge(t).reason;
  // The rate of swaps is the mean of min(1, exp((a_0 - a_1)(f_1 - f_0))) over independent draws of
  // both replicas.
  double z0 = 0, rate = 0;
  for (const Reply& r : replies) z0 += std::exp(r.logprob);
  for (const Reply& low : replies)
    for (const Reply& high : replies)
      rate += std::exp(low.logprob + 2 * high.logprob) / (z0 * z) *
              std::min(1., std::exp(low.logprob - high.logprob));
  const MoveCounts& swap = c.moves()[2];
  ASSERT_EQ(swap.by_replica.size(), 2u);
  EXPECT_EQ(swap.by_replica[0].n, 3 * 1500 * kConfig.thin);
  EXPECT_EQ(swap.by_replica[1].n, 0) << "there is none above";
  EXPECT_NEAR(static_cast<double>(swap.by_replica[0].n_accepted) / (3. * 1500 * kConfig.thin), rate,
              0.03);
}

TEST(Chains, ChainsOfASuperchainBeginAtOneReply) {
  EXPECT_EQ((ChainsConfig{.chains = 15}.superchains()), 15);
  EXPECT_EQ((ChainsConfig{.chains = 16}.superchains()), 4);
  EXPECT_EQ((ChainsConfig{.chains = 17}.superchains()), 17);
  EXPECT_EQ((ChainsConfig{.chains = 128}.superchains()), 8);
  World w("exchange", {{}, {.alpha = 2}});
  const auto replies =
      must(Chains::start(w.energy, *w.kernel, {.chains = 64, .seed = 3})).snapshot().replies;
  std::set<std::vector<Token>> distinct;
  for (std::size_t s = 0; s < 128; ++s) {
    EXPECT_EQ(replies[s], replies[s / 16 * 16 + s % 2]) << s;  // 8 chains of 2 states
    distinct.insert(replies[s]);
  }
  EXPECT_GT(distinct.size(), 2u);
}

TEST(Chains, StepSizesAreLeftAloneAfterTheWarmUp) {
  World w("hmc:steps=1");
  Chains c = must(Chains::start(w.energy, *w.kernel, {.chains = 4, .warmup = 30, .seed = 1}));
  std::set<double> before, after;
  while (c.warming_up()) {
    before.insert(*c.step_sizes()[0].value);
    ASSERT_TRUE(c.step().ok());
  }
  while (c.n_draws() < 30) {
    after.insert(*c.step_sizes()[0].value);
    ASSERT_TRUE(c.step().ok());
  }
  EXPECT_GT(before.size(), 5u);
  EXPECT_EQ(after.size(), 1u);
  EXPECT_LE(*after.begin(), M_PI / 2);
  EXPECT_NE(*after.begin(), 0.3);
}

TEST(Chains, EditDistance) {
  const auto d = [](std::vector<Token> a, std::vector<Token> b) {
    return edit_distance<Token>(a, b);
  };
  EXPECT_EQ(d({}, {}), 0);
  EXPECT_EQ(d({1, 2, 3}, {}), 3);
  EXPECT_EQ(d({1, 2, 3, 4}, {2, 3, 5}), 2);
  EXPECT_EQ(d({1, 2}, {2, 1}), 2);
  EXPECT_EQ(d({1, 2, 3}, {1, 3}), 1);
  EXPECT_EQ(d({1, 3}, {1, 2, 3}), 1);
}

Trace trace_of(std::vector<std::vector<double>> logprob) {
  Trace t;
  for (const auto& chain : logprob) t.replies.emplace_back(chain.size(), std::vector<Token>{0});
  t.posterior = {{.name = "logprob", .chains = std::move(logprob)}};
  return t;
}

TEST(Chains, TheVerdictSaysWhatIsWrongAndWhatToDo) {
  std::vector<std::vector<double>> good(4), apart(4), few(4);
  for (int c = 0; c < 4; ++c)
    for (int d = 0; d < 500; ++d) {
      const double x = std::sin(1e4 * std::sin(77. * (c * 500 + d)));
      good[c].push_back(x);
      apart[c].push_back(x + c);
      if (d < 30) few[c].push_back(x);
    }
  EXPECT_TRUE(judge(trace_of(good)).converged) << judge(trace_of(good)).reason;
  const Verdict far = judge(trace_of(apart));
  EXPECT_NE(far.reason.find("R-hat"), std::string::npos);
  EXPECT_EQ(far.draws, 0) << "chains that stay apart do not meet by more draws: " << far.advice;
  EXPECT_GT(judge(trace_of(few)).draws, 30) << judge(trace_of(few)).reason;
  EXPECT_EQ(judge(trace_of(few)).draws % 30, 0);
  EXPECT_EQ(judge(trace_of(few)).advice,
            "draw " + std::to_string(judge(trace_of(few)).draws / 30) + " times as many");
  EXPECT_NE(judge(trace_of({{1, 1, 1, 1}, {1, 1, 1, 1}})).reason.find("alike"), std::string::npos);
  EXPECT_FALSE(judge(trace_of({{1, 2, 3, 4}})).converged);
  EXPECT_FALSE(judge(trace_of({{1}, {2}})).converged);
}

// A trace with the acceptance rate of each chain.
Trace trace_of(std::vector<std::vector<double>> logprob, const std::vector<double>& accepted) {
  Trace t = trace_of(std::move(logprob));
  Column rate{.name = "acceptance_rate", .chains = {}};
  for (std::size_t c = 0; c < accepted.size(); ++c)
    rate.chains.emplace_back(t.posterior[0].chains[c].size(), accepted[c]);
  t.sample_stats = {std::move(rate)};
  return t;
}

TEST(Chains, TheVerdictTellsChainsThatDoNotMove) {
  std::vector<double> moving, other;
  for (int d = 0; d < 250; ++d) {
    moving.push_back(std::sin(1e4 * std::sin(77. * d)));
    other.push_back(std::sin(1e4 * std::sin(78. * d)));
  }
  const std::vector<double> at_3(250, 3), at_0(250, 0);
  const auto check = [](const Verdict& v, const std::vector<int>& stuck) {
    EXPECT_FALSE(v.converged);
    EXPECT_EQ(v.stuck, stuck) << v.reason;
    EXPECT_EQ(v.draws, 0) << v.reason;
    EXPECT_EQ(v.advice.find("draw"), std::string::npos) << v.advice;
    EXPECT_NE(v.advice.find("kernel"), std::string::npos) << v.advice;
  };
  check(judge(trace_of({at_3, at_0}, {0, 0})), {0, 1});  // R-hat is infinite
  check(judge(trace_of({at_3, at_0}, {1, 1})), {0, 1});  // accepted proposals that change nothing
  check(judge(trace_of({at_3, at_0})), {0, 1});          // a trace without acceptance rates
  check(judge(trace_of({at_0, at_0}, {0, 0})), {0, 1});  // nothing accepted, all replies equal
  check(judge(trace_of({moving, at_3, other}, {0.5, 0, 0.4})), {1});
  check(judge(trace_of({moving, at_0, other}, {0.5, 0, 0.4})), {1});  // between the other chains
  const Verdict v = judge(trace_of({moving, at_3, other}, {0.5, 0, 0.4}));
  EXPECT_NE(v.reason.find("1 of 3 chains do not move"), std::string::npos) << v.reason;
  EXPECT_NE(v.reason.find("chain 1 (0 % accepted)"), std::string::npos) << v.reason;
  // One reply, proposed and accepted repeatedly: a law may be that narrow.
  EXPECT_NE(judge(trace_of({at_0, at_0}, {1, 1})).reason.find("alike"), std::string::npos);
  // With few draws a chain does not count as stuck.
  EXPECT_TRUE(judge(trace_of({{1, 2, 1, 3}, {2, 2, 2, 2}}, {0.5, 0.2})).stuck.empty());
}

}  // namespace
}  // namespace ponder
