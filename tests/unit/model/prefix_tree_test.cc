// The tree of prefixes under random growth, release and eviction: paths stay complete, and no node
// leaks.
#include "model/prefix_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace ponder {
namespace {

std::vector<int> slots_of(const PrefixTree& t, Prefix p) {
  std::vector<KvRun> runs;
  t.path_runs(p, runs);
  std::vector<int> slots;
  for (const KvRun& r : runs)
    for (int i = 0; i < r.n; ++i) slots.push_back(r.slot + i);
  return slots;
}
std::vector<int> slots_by_parents(const PrefixTree& t, Prefix p) {
  std::vector<int> slots;
  for (; p != kNoPrefix; p = t.parent(p)) slots.insert(slots.begin(), t.slot(p));
  return slots;
}

TEST(PrefixTree, RandomGrowthKeepsPathsWhole) {
  std::mt19937 rng(11);
  PrefixTree t(60);
  std::vector<Prefix> held;
  for (int round = 0; round < 3000; ++round) {
    t.begin_batch();
    std::vector<Prefix> fresh, leaves;
    const int n_requests = 1 + static_cast<int>(rng() % 3);
    std::vector<Prefix> parents;
    for (int r = 0; r < n_requests; ++r)
      parents.push_back(held.empty() || rng() % 8 == 0 ? kNoPrefix : held[rng() % held.size()]);
    for (Prefix p : parents) t.touch_path(p, fresh);
    for (Prefix p : parents) {
      if (t.length(p) > 12) continue;
      Prefix leaf = p;
      for (unsigned k = 0; k < 1 + rng() % 4; ++k) {
        const Prefix next = t.add(leaf, static_cast<Token>(rng() % 5), static_cast<int>(rng() % 3));
        if (k > 0) t.release(leaf);
        leaf = next;
        fresh.push_back(leaf);
      }
      leaves.push_back(leaf);
    }
    ASSERT_TRUE(t.assign_slots(fresh));
    for (Prefix p : fresh) {
      ASSERT_TRUE(t.resident(p));
      ASSERT_EQ(slots_of(t, p), slots_by_parents(t, p));
      const auto s = slots_of(t, p);
      ASSERT_EQ(std::set<int>(s.begin(), s.end()).size(), s.size());
    }
    held.insert(held.end(), leaves.begin(), leaves.end());
    while (held.size() > 40) {
      const std::size_t i = rng() % held.size();
      t.release(held[i]);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  for (Prefix p : held) t.release(p);
  EXPECT_EQ(t.n_nodes(), 0);
}

// A chain of n nodes of an account under `parent`, each with a slot; the caller holds them all.
std::vector<Prefix> grow(PrefixTree& t, Prefix parent, int n, int account) {
  t.begin_batch();
  std::vector<Prefix> fresh, chain;
  t.touch_path(parent, fresh);
  for (int i = 0; i < n; ++i) chain.push_back(t.add(i ? chain.back() : parent, i, account));
  fresh.insert(fresh.end(), chain.begin(), chain.end());
  EXPECT_TRUE(t.assign_slots(fresh));
  return chain;
}
int n_resident(const PrefixTree& t, const std::vector<Prefix>& nodes) {
  return static_cast<int>(
      std::count_if(nodes.begin(), nodes.end(), [&t](Prefix p) { return t.resident(p); }));
}

TEST(PrefixTree, AnAccountBeyondItsShareIsEvictedFirst) {
  PrefixTree t(64);
  const auto oldest = grow(t, kNoPrefix, 20, 1);
  for (int i = 0; i < 20; ++i) {
    const auto more = grow(t, kNoPrefix, 6, 2);
    ASSERT_EQ(n_resident(t, more), 6);
    ASSERT_EQ(n_resident(t, oldest), 20) << i;
  }
  // Keys and values that the batch itself uses stay, even beyond its account's share; others are
  // evicted.
  const auto long_one = grow(t, kNoPrefix, 60, 2);
  EXPECT_EQ(n_resident(t, long_one), 60);
  EXPECT_LE(n_resident(t, oldest), 4);
}

TEST(PrefixTree, AnAccountBelowItsShareKeepsTheOthersPrefixesItStandsOn) {
  PrefixTree t(64);
  const auto root = grow(t, kNoPrefix, 20, 2), mine = grow(t, root.back(), 10, 1);
  for (int i = 0; i < 20; ++i) grow(t, kNoPrefix, 6, 2);
  EXPECT_EQ(n_resident(t, mine), 10);
  EXPECT_EQ(n_resident(t, root), 20);
  EXPECT_EQ(slots_of(t, mine.back()), slots_by_parents(t, mine.back()));
}

TEST(PrefixTree, OneAccountIsEvictedByUseAlone) {
  PrefixTree t(64);
  const auto a = grow(t, kNoPrefix, 20, 7), b = grow(t, kNoPrefix, 20, 7),
             c = grow(t, kNoPrefix, 20, 7);
  grow(t, a.back(), 1, 7);
  grow(t, kNoPrefix, 10, 7);
  EXPECT_EQ(n_resident(t, a), 20);
  EXPECT_EQ(n_resident(t, b), 12);  // 8 go at least: an eighth
  EXPECT_EQ(n_resident(t, c), 20);
}

TEST(PrefixTree, TooManyForTheSlots) {
  PrefixTree t(4);
  t.begin_batch();
  std::vector<Prefix> chain;
  for (int i = 0; i < 5; ++i) chain.push_back(t.add(i ? chain.back() : kNoPrefix, i));
  EXPECT_FALSE(t.assign_slots(chain));
  EXPECT_TRUE(t.assign_slots(std::span(chain).first(4)));
  EXPECT_EQ(slots_of(t, chain[3]), (std::vector<int>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace ponder
