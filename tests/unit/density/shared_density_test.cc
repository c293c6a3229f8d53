// Many callers of one density: each gets the bits and the costs that it would get alone. Small
// models, real threads; the tests also run under a thread sanitizer. Callers that are wrong, slow
// or stopped: shared_trouble_test.cc.
#include "ponder/density/shared_density.h"

#include <latch>
#include <set>
#include <stdexcept>

#include "callers.h"
#include "ponder/density/gradient.h"

namespace ponder {
namespace {

using test::alone;
using test::expect_code;
using test::must;
using test::SharedWorld;

TEST(SharedDensity, EightThreadsHaveTheBitsAndCostsOfEachAlone) {
  constexpr unsigned kCallers = 8;
  for (const int piece_tokens : {256, 5}) {
    SharedWorld w(piece_tokens);
    std::vector<std::pair<std::vector<std::uint64_t>, std::int64_t>> got(kCallers);
    w.run_together(kCallers, [&](unsigned i) {
      const auto d = w.shared->caller();
      got[i] = test::all_work(*d, i);
    });
    std::int64_t total = 0;
    for (unsigned i = 0; i < kCallers; ++i) {
      const auto d = alone(w);
      EXPECT_EQ(got[i], test::all_work(*d, i)) << "caller " << i << ", pieces of " << piece_tokens;
      total += got[i].second;
    }
    EXPECT_EQ(w.shared->cost().total(), total);
    EXPECT_EQ(w.below->n_nodes(), 0);
  }
}

TEST(SharedDensity, WhatWaitsTogetherIsOnePass) {
  SharedWorld w;
  std::vector<std::size_t> callers_of_pass;
  w.below->before_pass = [&](std::span<const Extend> batch) {
    std::set<int> accounts;
    for (const Extend& e : batch) accounts.insert(e.account);
    callers_of_pass.push_back(accounts.size());
  };
  w.run_together(4, [&w](unsigned i) {
    const auto v = static_cast<Token>(i);
    (void)must(w.shared->caller()->add_context({&v, 1}));
  });
  EXPECT_EQ(callers_of_pass, (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(w.shared->stats().parts, 4);
}

// Rows, costs and later costs are the same when a request is cut into pieces; masks for single rows
// are cut with it.
TEST(SharedDensity, PiecesAreAsTheWhole) {
  SharedWorld w(6);
  std::mt19937 rng(3);
  const auto prompt = test::random_tokens(rng, 10), x = test::random_tokens(rng, 31);
  TokenMask even(300);
  for (Token v = 1; v < 300; v += 2) even.set(v, false);
  const auto d = w.shared->caller(), whole = alone(w);
  for (const RowSet rows : {RowSet::kNone, RowSet::kTargets, RowSet::kLast, RowSet::kAll})
    for (std::size_t n = 1; n <= x.size(); ++n) {
      std::vector<const TokenMask*> masks;
      const std::size_t n_rows = rows == RowSet::kAll ? n + 1 : n;
      if (rows == RowSet::kAll || rows == RowSet::kTargets)
        for (std::size_t k = 0; k < n_rows; ++k) masks.push_back(k % 3 == 0 ? &even : nullptr);
      std::vector<std::vector<test::Numbers>> numbers;
      std::vector<Cost> costs;
      for (LanguageDensity* one : {d.get(), whole.get()}) {
        const Cost before = one->cost();
        const PrefixRef root = must(one->add_context(prompt));
        const Extend e{.parent = root,
                       .tokens = std::span(x).first(n),
                       .rows = rows,
                       .needs = test::kAsk,
                       .masks = masks};
        Rows out, after;
        ASSERT_TRUE(one->extend({&e, 1}, out).ok());
        costs.push_back(out.cost[0]);
        std::vector<test::Numbers>& seen = numbers.emplace_back();
        for (const Row& r : out.rows) seen.push_back(test::numbers(r));
        const Extend last{.parent = out.end[0], .needs = test::kAsk};
        ASSERT_TRUE(one->extend({&last, 1}, after).ok());
        seen.push_back(test::numbers(after.rows[0]));
        costs.push_back(one->cost() - before);
      }
      ASSERT_EQ(numbers[0], numbers[1]) << n;
      for (const std::size_t i : {0, 1}) {
        EXPECT_EQ(costs[i].tokens_decoded, costs[i + 2].tokens_decoded) << n;
        EXPECT_EQ(costs[i].tokens_scored, costs[i + 2].tokens_scored) << n;
      }
    }
}

TEST(SharedDensity, ContextsAreSharedBetweenCallers) {
  SharedWorld w;
  std::mt19937 rng(4);
  const auto prompt = test::random_tokens(rng, 30);
  const auto a = w.shared->caller(), b = w.shared->caller();
  PrefixRef first = must(a->add_context(prompt));
  const PrefixRef second = must(b->add_context(prompt));
  EXPECT_EQ(second.get(), first.get());
  EXPECT_EQ(b->cost().total(), 0);
  first = {};
  EXPECT_EQ(second.depth(), 30);
}

class Throws final : public EmbeddingTerm {
 public:
  double add(std::size_t, std::span<const float>, std::span<float>) const override {
    throw std::runtime_error("a term");
  }
};

TEST(SharedDensity, GradientsAreThoseOfTheModel) {
  SharedWorld w;
  const Token prompt[] = {1, 2, 3}, reply[] = {4, 5, 6, 7};
  const auto d = w.shared->caller(), whole = alone(w);
  std::vector<ReplyGradient> got, want;
  const SoftReply here{.parent = must(d->add_context(prompt)), .candidates = reply},
      there{.parent = must(whole->add_context(prompt)), .candidates = reply};
  ASSERT_TRUE(d->value_and_grad({&here, 1}, {}, {}, got).ok());
  ASSERT_TRUE(whole->value_and_grad({&there, 1}, {}, {}, want).ok());
  EXPECT_EQ(got[0].value, want[0].value);
  EXPECT_EQ(got[0].embedding, want[0].embedding);
  EXPECT_EQ(d->cost().tokens_backward, 3);
  EXPECT_EQ(d->cost().total(), whole->cost().total());
  const Throws term;
  const EmbeddingTerm* terms[] = {&term};
  const int before = w.below->n_nodes();
  EXPECT_THROW((void)d->value_and_grad({&here, 1}, {.embedding_terms = terms}, {}, got),
               std::runtime_error);
  EXPECT_EQ(w.below->n_nodes(), before);
  expect_code(d->value_and_grad(std::vector<SoftReply>{{.candidates = reply}}, {}, {}, got),
              Code::kInvalid);
  const std::atomic<bool> stop{true};
  const auto stopped = w.shared->caller({.stop = &stop});
  expect_code(stopped->value_and_grad({&here, 1}, {}, {}, got), Code::kCancelled);
}

TEST(SharedDensity, ACallerMayOutliveIt) {
  SharedWorld w;
  const auto d = w.shared->caller();
  w.shared.reset();
  const Token v = 3;
  EXPECT_EQ(must(d->add_context({&v, 1})).depth(), 1);
}

// The density itself, without an engine: passes wait for each other, references do not wait for
// passes.
TEST(LanguageThreads, HaveTheBitsOfEachAlone) {
  const SharedWorld w;
  constexpr unsigned kThreads = 4;
  const auto together = alone(w);
  std::vector<std::vector<std::uint64_t>> got(kThreads);
  {
    std::latch start(kThreads);
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < kThreads; ++i)
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        got[i] = test::all_work(*together, i).first;
      });
  }
  for (unsigned i = 0; i < kThreads; ++i)
    EXPECT_EQ(got[i], test::all_work(*alone(w), i).first) << i;
  EXPECT_EQ(dynamic_cast<const Language&>(*together).n_nodes(), 0);
}

}  // namespace
}  // namespace ponder
