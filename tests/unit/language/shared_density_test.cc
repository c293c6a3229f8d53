// Many callers of one density: each has the bits, the costs and the errors that it would have alone, whoever else is
// there, slow, wrong or stopped. Small models, real threads; run under a thread sanitizer too.
#include "ponder/shared_density.h"

#include <latch>
#include <set>
#include <stdexcept>

#include "callers.h"
#include "ponder/gradient.h"

namespace ponder {
namespace {

using test::must;
using test::SharedWorld;

std::unique_ptr<LanguageDensity> alone(const SharedWorld& w) { return test::density(w.model); }

void expect_code(const Status& s, Code code) {
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, code) << s.error().message();
}

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

// Rows, costs and what they cost later do not tell that a request was cut; one mask a row is cut with it.
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
        const Extend e{
            .parent = root, .tokens = std::span(x).first(n), .rows = rows, .needs = test::kAsk, .masks = masks};
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

void expect_the_wrong_one_alone(LanguageDensity& d) {
  std::mt19937 rng(5);
  const auto prompt = test::random_tokens(rng, 5), good = test::random_tokens(rng, 3),
             many = test::random_tokens(rng, 200);
  const Token bad[] = {4, 300};
  const TokenMask wrong(17);
  const PrefixRef root = must(d.add_context(prompt));
  Rows want, rows;
  const Extend right{.parent = root, .tokens = good, .rows = RowSet::kAll, .needs = test::kAsk};
  ASSERT_TRUE(d.extend({&right, 1}, want).ok());
  const std::int64_t before = d.cost().total();
  const Extend batch[] = {right,
                          {.parent = root, .tokens = bad},
                          {.parent = root, .tokens = many},
                          {.parent = root, .tokens = good, .masks = {&wrong}},
                          {.tokens = good, .rows = RowSet::kAll},
                          right};
  const Status s = d.extend(batch, rows);
  expect_code(s, Code::kInvalid);
  EXPECT_EQ(s.error().got, "300");
  for (const std::size_t r : {1, 2, 3, 4}) {
    EXPECT_FALSE(rows.status[r].ok()) << r;
    EXPECT_TRUE(rows.of(r).empty()) << r;
    EXPECT_EQ(rows.end[r].get(), kNoPrefix) << r;
    EXPECT_EQ(rows.cost[r].total(), 0) << r;
  }
  expect_code(rows.status[2], Code::kResource);
  for (const std::size_t r : {0, 5}) {
    ASSERT_TRUE(rows.status[r].ok()) << r;
    ASSERT_EQ(rows.of(r).size(), 4u);
    for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(test::numbers(rows.of(r)[k]), test::numbers(want.rows[k])) << r;
    EXPECT_EQ(rows.end[r].depth(), 8) << r;
    EXPECT_EQ(rows.cost[r].tokens_scored, 3) << r;
  }
  EXPECT_EQ(rows.total_cost().total(), d.cost().total() - before);
}

TEST(SharedDensity, ARequestThatIsWrongFailsAlone) {
  SharedWorld w;
  expect_the_wrong_one_alone(*alone(w));
  expect_the_wrong_one_alone(*w.shared->caller());
}

TEST(SharedDensity, APassThatFailsIsTheGuiltyCallersAlone) {
  SharedWorld w;
  const TokenMask nothing(300, false);
  std::vector<Status> status(4);
  w.run_together(4, [&](unsigned i) {
    const auto d = w.shared->caller();
    const auto v = static_cast<Token>(i);
    const Extend batch[] = {{.tokens = {&v, 1}, .masks = {i == 2 ? &nothing : nullptr}},
                            {.tokens = {&v, 1}, .rows = RowSet::kNone}};
    Rows rows;
    status[i] = d->extend(batch, rows);
    EXPECT_EQ(rows.status[1].ok(), i != 2) << "what fails a pass fails all of the caller's requests";
    EXPECT_EQ(d->cost().total(), i == 2 ? 0 : 2);
  });
  for (const Token v : {0, 1, 3}) EXPECT_TRUE(status[v].ok()) << v;
  expect_code(status[2], Code::kNumeric);
  EXPECT_EQ(w.below->n_nodes(), 0);
}

TEST(SharedDensity, ACallerThatIsStoppedInAPrefillLeavesNothing) {
  SharedWorld w(8);
  const Token other = 5;
  const auto stays = w.shared->caller();
  const PrefixRef kept = must(stays->add_context({&other, 1}));
  const int before = w.below->n_nodes();
  std::atomic<bool> stop{false};
  int n_passes = 0;
  w.below->before_pass = [&](std::span<const Extend>) { stop = ++n_passes == 3; };
  const auto d = w.shared->caller({.stop = &stop});
  std::mt19937 rng(1);
  const auto prompt = test::random_tokens(rng, 100);
  expect_code(d->add_context(prompt).status(), Code::kCancelled);
  EXPECT_EQ(n_passes, 3);
  EXPECT_EQ(w.below->n_nodes(), before);
  EXPECT_EQ(d->cost().tokens_scored, 3 * 8);  // they were spent
  n_passes = 0;
  stop = false;
  const Extend e{.tokens = prompt};
  Rows rows;
  expect_code(d->extend({&e, 1}, rows), Code::kCancelled);
  expect_code(rows.status.at(0), Code::kCancelled);
  EXPECT_EQ(rows.end.at(0).get(), kNoPrefix);
  EXPECT_EQ(rows.cost.at(0).tokens_scored, 3 * 8);
  EXPECT_EQ(w.below->n_nodes(), before);
  stop = false;
  w.below->before_pass = [](std::span<const Extend>) {};
  EXPECT_EQ(must(d->add_context(prompt)).depth(), 100);
}

TEST(SharedDensity, ACallerThatIsStoppedWhileItWaitsGetsNoPass) {
  SharedWorld w;
  std::atomic<bool> stop{false}, under_way{false};
  std::atomic<int> n_passes{0};
  w.below->before_pass = [&](std::span<const Extend>) {
    if (n_passes++ > 0) return;
    under_way = true;
    while (w.shared->stats().waiting < 1) std::this_thread::yield();
    stop = true;
  };
  const Token v = 3;
  const std::jthread first([&] {
    const auto d = w.shared->caller();
    (void)must(d->add_context({&v, 1}));
  });
  while (!under_way) std::this_thread::yield();
  const auto d = w.shared->caller({.stop = &stop});
  const Extend e{.tokens = {&v, 1}};
  Rows rows;
  expect_code(d->extend({&e, 1}, rows), Code::kCancelled);
  expect_code(rows.status.at(0), Code::kCancelled);
  EXPECT_EQ(n_passes, 1);
  EXPECT_EQ(d->cost().total(), 0);
}

// The slow one comes once, and again only after the others are through: it is waited for once.
TEST(SharedDensity, ASlowCallerIsWaitedForOnce) {
  SharedWorld w;
  const Token v = 3;
  const auto slow = w.shared->caller(), fast = w.shared->caller();
  PrefixRef end = must(slow->add_context({&v, 1}));
  test::CallersWork work(*fast, 1);
  work.decode(30);
  EXPECT_GE(w.shared->stats().passes, 31);
  EXPECT_EQ(w.shared->stats().missed, 1);
  const Extend more{.parent = end, .tokens = {&v, 1}};
  Rows rows;
  ASSERT_TRUE(slow->extend({&more, 1}, rows).ok());
  EXPECT_GE(w.shared->stats().missed, 1);
}

// One caller keeps far more prefixes than there is room for; what the other uses now and then stays where it is.
TEST(SharedDensity, AHugeFrontierDoesNotEvictTheOthersWork) {
  SharedWorld w(256, 256);
  const auto small = w.shared->caller(), huge = w.shared->caller();
  std::mt19937 rng(2);
  const auto leaf_of = [&rng](LanguageDensity& d, const PrefixRef& root, std::size_t n) {
    const auto x = test::random_tokens(rng, n);
    const Extend e{.parent = root, .tokens = x};
    Rows rows;
    EXPECT_TRUE(d.extend({&e, 1}, rows).ok());
    return rows.end.at(0);
  };
  const auto prompt = test::random_tokens(rng, 60), other = test::random_tokens(rng, 20);
  const PrefixRef root = must(small->add_context(prompt)), huge_root = must(huge->add_context(other));
  std::vector<PrefixRef> leaves, frontier;
  for (int i = 0; i < 4; ++i) leaves.push_back(leaf_of(*small, root, 5));
  for (int i = 0; i < 100; ++i) frontier.push_back(leaf_of(*huge, huge_root, 10));
  EXPECT_EQ(huge->cost().total(), 20 + 100 * 10);
  const std::int64_t before = small->cost().total();
  for (const PrefixRef& p : leaves) {
    Rows rows;
    const Extend e{.parent = p, .needs = test::kAsk};
    ASSERT_TRUE(small->extend({&e, 1}, rows).ok());
  }
  EXPECT_EQ(small->cost().total(), before) << "its keys and values were evicted";
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
  EXPECT_THROW((void)d->value_and_grad({&here, 1}, {.embedding_terms = terms}, {}, got), std::runtime_error);
  EXPECT_EQ(w.below->n_nodes(), before);
  expect_code(d->value_and_grad(std::vector<SoftReply>{{.candidates = reply}}, {}, {}, got), Code::kInvalid);
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

// The density itself, without an engine: passes wait for each other, references for none of them.
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
  for (unsigned i = 0; i < kThreads; ++i) EXPECT_EQ(got[i], test::all_work(*alone(w), i).first) << i;
  EXPECT_EQ(dynamic_cast<const Language&>(*together).n_nodes(), 0);
}

}  // namespace
}  // namespace ponder
