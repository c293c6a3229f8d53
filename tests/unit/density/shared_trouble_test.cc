// Callers of one density that are wrong, slow, greedy or stopped do not affect the others.
#include "callers.h"

namespace ponder {
namespace {

using test::alone;
using test::expect_code;
using test::must;
using test::SharedWorld;

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
  expect_code(rows.status[2], Code::kInvalid);
  for (const std::size_t r : {0, 5}) {
    ASSERT_TRUE(rows.status[r].ok()) << r;
    ASSERT_EQ(rows.of(r).size(), 4u);
    for (std::size_t k = 0; k < 4; ++k)
      EXPECT_EQ(test::numbers(rows.of(r)[k]), test::numbers(want.rows[k])) << r;
    EXPECT_EQ(rows.end[r].depth(), 8) << r;
    EXPECT_EQ(rows.cost[r].tokens_scored, 3) << r;
  }
  EXPECT_EQ(rows.total_cost().total(), d.cost().total() - before);
}

TEST(SharedTrouble, ARequestThatIsWrongFailsAlone) {
  SharedWorld w;
  expect_the_wrong_one_alone(*alone(w));
  expect_the_wrong_one_alone(*w.shared->caller());
}

TEST(SharedTrouble, APassThatFailsIsTheGuiltyCallersAlone) {
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
    EXPECT_EQ(rows.status[1].ok(), i != 2)
        << "what fails a pass fails all of the caller's requests";
    EXPECT_EQ(d->cost().total(), i == 2 ? 0 : 2);
  });
  for (const Token v : {0, 1, 3}) EXPECT_TRUE(status[v].ok()) << v;
  expect_code(status[2], Code::kNumeric);
  EXPECT_EQ(w.below->n_nodes(), 0);
}

TEST(SharedTrouble, ACallerThatIsStoppedInAPrefillLeavesNothing) {
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
  EXPECT_EQ(d->cost().tokens_scored, 3 * 8);  // these tokens were pushed
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

TEST(SharedTrouble, ACallerThatIsStoppedWhileItWaitsGetsNoPass) {
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

// The slow caller makes a request once, and again only after the others have finished: passes wait
// for it once.
TEST(SharedTrouble, ASlowCallerIsWaitedForOnce) {
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

// One caller keeps far more prefixes than there is room for; keys and values that the other uses
// from time to time are not evicted.
TEST(SharedTrouble, AHugeFrontierDoesNotEvictTheOthersWork) {
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
  const PrefixRef root = must(small->add_context(prompt)),
                  huge_root = must(huge->add_context(other));
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

}  // namespace
}  // namespace ponder
