// Small random worlds for searches: tables and tiny models with a few allowed ids, laws of all
// kinds, and their replies by enumeration.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "law/toy/enumerate.h"
#include "law/toy/table.h"
#include "ponder/density/law.h"
#include "ponder/model/model.h"

namespace ponder::test {

struct World {
  CausalDensity* density = nullptr;
  PrefixRef context{};
  ReplyLaw law;
  std::vector<Reply> replies;  // all, most likely first
};

inline ReplyLawConfig random_law(std::mt19937& rng, int max_horizon) {
  ReplyLawConfig c;
  c.target = static_cast<Target>(rng() % 3);
  c.horizon = 1 + static_cast<int>(rng() % max_horizon);
  if (rng() % 3 == 0) c.min_length = static_cast<int>(rng() % (c.horizon + 1));
  return c;
}

inline void expect_same_replies(const std::vector<Reply>& got, const std::vector<Reply>& want,
                                std::size_t n, const std::string& what) {
  ASSERT_EQ(got.size(), std::min(n, want.size())) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i].logprob, want[i].logprob, 1e-9) << what << " reply " << i;
    // Equal up to ties.
    if (i + 1 < want.size() && std::abs(want[i].logprob - want[i + 1].logprob) < 1e-9) continue;
    if (i > 0 && std::abs(want[i].logprob - want[i - 1].logprob) < 1e-9) continue;
    ASSERT_EQ(got[i].tokens, want[i].tokens) << what << " reply " << i;
  }
}

/// Beam search by its definition: of the children of all live prefixes, without those that close
/// too early to count, the `width` most likely survive; closed ones join the pool; the search ends
/// when no live prefix can enter the pool's best `width`.
inline std::vector<Reply> exhaustive_beam(const World& w, std::size_t width) {
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
                     .masks = {mask}};
      EXPECT_TRUE(w.density->extend({&e, 1}, rows).ok());
      for (const TokenProb& v : rows.rows[0].list) {
        Reply c = p;
        c.tokens.push_back(v.token);
        c.logprob += v.logprob;
        if (w.law.counts(c.tokens.size()) || !w.law.closes(t, v.token)) children.push_back(c);
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

/// Calls fn(world, rng, index) on n random tables.
template <class F>
void for_tables(int n, const F& fn) {
  std::mt19937 rng(2024);
  for (int i = 0; i < n; ++i) {
    TableConfig t;
    t.n_vocab = 2 + static_cast<int>(rng() % 5);
    t.end_tokens = {0};
    if (t.n_vocab > 3 && rng() % 2) t.end_tokens.push_back(t.n_vocab - 1);
    t.seed = rng();
    t.peak = 0.5 + static_cast<double>(rng() % 40) / 10;
    TableDensity d(t);
    ReplyLawConfig c = random_law(rng, t.n_vocab > 4 ? 4 : 6);
    if (t.n_vocab > 3 && rng() % 3 == 0) c.allowed = {0, 1, 2};
    if (t.seed % 4 == 0) c.shortest = static_cast<int>(t.seed / 4 % (c.horizon + 1));
    auto law = ReplyLaw::make(c, t.n_vocab, t.end_tokens);
    ASSERT_TRUE(law.ok()) << law.error().message();
    World w{&d, d.root(), *law, *enumerate_replies(d, d.root(), *law)};
    fn(w, rng, i);
    ASSERT_EQ(d.n_live(), 0) << "leaked prefixes in world " << i;
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace ponder::test
