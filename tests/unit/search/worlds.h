// Small random worlds for searches: tables and tiny models with a few allowed ids, laws of all kinds, and their
// replies by enumeration.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "density/enumerate.h"
#include "density/table.h"
#include "ponder/law.h"
#include "ponder/model.h"

namespace ponder::test {

struct World {
  CausalDensity* density = nullptr;
  Prefix context = 0;
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

inline void expect_same_replies(const std::vector<Reply>& got, const std::vector<Reply>& want, std::size_t n,
                                const std::string& what) {
  ASSERT_EQ(got.size(), std::min(n, want.size())) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i].logprob, want[i].logprob, 1e-9) << what << " reply " << i;
    // Equal up to ties.
    if (i + 1 < want.size() && std::abs(want[i].logprob - want[i + 1].logprob) < 1e-9) continue;
    if (i > 0 && std::abs(want[i].logprob - want[i - 1].logprob) < 1e-9) continue;
    ASSERT_EQ(got[i].tokens, want[i].tokens) << what << " reply " << i;
  }
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
    auto law = ReplyLaw::make(c, t.n_vocab, t.end_tokens);
    ASSERT_TRUE(law.ok()) << law.error().message();
    World w{&d, 0, *law, *enumerate_replies(d, 0, *law)};
    fn(w, rng, i);
    ASSERT_EQ(d.n_live(), 0) << "leaked prefixes in world " << i;
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace ponder::test
