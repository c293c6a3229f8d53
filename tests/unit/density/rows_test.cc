// All parts of a row, on every engine, compared with the whole row in double precision; masks;
// errors; contexts.
#include <algorithm>
#include <cmath>
#include <random>

#include "base/counted_noise.h"
#include "density/language.h"
#include "models.h"

namespace ponder {
namespace {

class RowsOf : public testing::TestWithParam<test::OnEngine> {
 protected:
  void SetUp() override {
    model_ = test::load(GetParam(), {.precision = Precision::kF32});
    d_ = test::density(model_);
    const std::vector<Token> prompt{1, 2, 3};
    ctx_ = test::must(d_->add_context(prompt));
  }
  Row ask(const Needs& needs, const TokenMask* mask = nullptr) {
    const std::vector<Token> reply{7, 8};
    Rows rows;
    const Status s = d_->extend(std::vector<Extend>{{.parent = ctx_,
                                                     .tokens = reply,
                                                     .rows = RowSet::kLast,
                                                     .needs = needs,
                                                     .masks = {mask}}},
                                rows);
    EXPECT_TRUE(s.ok()) << s.error().message();
    return rows.rows[0];
  }
  std::vector<double> log_probs(const TokenMask* mask = nullptr) {
    const Row r = ask({.draw = {.kind = Draw::Kind::kRow}}, mask);
    std::vector<double> lp(r.logits.size());
    for (std::size_t v = 0; v < lp.size(); ++v) lp[v] = r.logits[v] - r.log_normalizer;
    return lp;
  }
  std::shared_ptr<const Model> model_;
  std::unique_ptr<LanguageDensity> d_;
  PrefixRef ctx_;
};

TEST_P(RowsOf, SumsToOneAndReductionsAgree) {
  TokenMask some(model_->info().n_vocab, false);
  for (int v = 0; v < model_->info().n_vocab; v += 3) some.set(v, true);
  for (const TokenMask* mask :
       {static_cast<const TokenMask*>(nullptr), static_cast<const TokenMask*>(&some)}) {
    const auto lp = log_probs(mask);
    double sum = 0, lz = 0, entropy = 0;
    for (double x : lp) {
      if (std::isinf(x)) continue;
      sum += std::exp(x), lz += std::exp(3 * x), entropy -= std::exp(x) * x;
    }
    EXPECT_NEAR(sum, 1, 1e-5);
    const Row r = ask({.alpha = 3, .lz = true, .entropy = true}, mask);
    EXPECT_NEAR(r.lz, std::log(lz), 1e-5);
    EXPECT_NEAR(r.entropy, entropy, 1e-5);
    EXPECT_EQ(std::isinf(lp[1]), mask != nullptr);
  }
}

TEST_P(RowsOf, Lists) {
  const auto lp = log_probs();
  std::vector<int> order(lp.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return lp[a] > lp[b]; });
  for (const double bound : {-1e30, lp[order[10]] - 1e-9, lp[order[0]] + 0.1})
    for (const int m : {0, 1, 7, 1000}) {
      const Row r = ask({.draw = {.kind = Draw::Kind::kList, .bound = bound, .max_items = m}});
      int n = 0;
      double mass = 0;
      while (n < m && n < static_cast<int>(order.size()) && lp[order[n]] >= bound)
        mass += std::exp(lp[order[n++]]);
      ASSERT_EQ(static_cast<int>(r.list.size()), n) << bound << " " << m;
      for (int i = 0; i < n; ++i) EXPECT_EQ(r.list[i].token, order[i]);
      EXPECT_NEAR(r.mass_left, 1 - mass, 1e-5);
      if (n < static_cast<int>(order.size()))
        EXPECT_EQ(r.next_logprob, lp[order[n]]) << bound << " " << m;
      else
        EXPECT_TRUE(std::isinf(r.next_logprob));
    }
}

TEST_P(RowsOf, Draws) {
  const auto lp = log_probs();
  const Row best = ask({.draw = {.kind = Draw::Kind::kArgmax}});
  EXPECT_EQ(best.drawn, std::max_element(lp.begin(), lp.end()) - lp.begin());
  EXPECT_EQ(best.drawn_logprob, lp[best.drawn]);
  std::mt19937 rng(1);
  std::vector<float> noise(lp.size());
  for (float& x : noise) x = static_cast<float>(rng() % 1000) / 50;
  const Row noisy = ask({.alpha = 2, .draw = {.kind = Draw::Kind::kArgmax, .noise = noise.data()}});
  int want = 0;
  for (std::size_t v = 0; v < lp.size(); ++v)
    if (2 * lp[v] + noise[v] > 2 * lp[want] + noise[want]) want = static_cast<int>(v);
  EXPECT_EQ(noisy.drawn, want);
  for (const double angle : {0., 0.7}) {  // noise by its name is the noise
    const CountedNoise name{.seed = 5, .stream = 6, .angle = angle};
    counted_gumbels(name, 0, noise);
    const Row by_name = ask({.alpha = 2, .draw = {.kind = Draw::Kind::kArgmax, .counted = name}});
    const Row by_numbers =
        ask({.alpha = 2, .draw = {.kind = Draw::Kind::kArgmax, .noise = noise.data()}});
    EXPECT_EQ(by_name.drawn, by_numbers.drawn);
    EXPECT_EQ(by_name.drawn_logprob, by_numbers.drawn_logprob);
  }
  for (const double alpha : {1., 0.5, 4.}) {
    double z = 0;
    for (double x : lp) z += std::exp(alpha * x);
    for (const double u : {0., 0.1, 0.37, 0.62, 0.93, 0.9999999}) {
      const Row r = ask({.alpha = alpha, .draw = {.kind = Draw::Kind::kInverseCdf, .u = u}});
      double below = 0;
      for (int v = 0; v < r.drawn; ++v) below += std::exp(alpha * lp[v]) / z;
      EXPECT_LE(below, u + 1e-5);
      EXPECT_GE(below + std::exp(alpha * lp[r.drawn]) / z, u - 1e-5);
      EXPECT_EQ(r.drawn_logprob, lp[r.drawn]);
    }
  }
}

TEST_P(RowsOf, TargetsAndParentRows) {
  const std::vector<Token> reply{7, 8, 9};
  Rows all;
  const Extend e{.parent = ctx_,
                 .tokens = reply,
                 .rows = RowSet::kAll,
                 .needs = {.draw = {.kind = Draw::Kind::kRow}}};
  ASSERT_TRUE(d_->extend({&e, 1}, all).ok());
  ASSERT_EQ(all.rows.size(), 4u);
  for (int k = 0; k < 3; ++k)
    EXPECT_EQ(all.rows[k].logprob, all.rows[k].logits[reply[k]] - all.rows[k].log_normalizer);
  // No tokens: the parent's own row.
  Rows again;
  const Extend none{
      .parent = all.end[0], .rows = RowSet::kLast, .needs = {.draw = {.kind = Draw::Kind::kRow}}};
  ASSERT_TRUE(d_->extend({&none, 1}, again).ok());
  EXPECT_EQ(again.rows[0].logits, all.rows[3].logits);
  EXPECT_EQ(again.end[0].get(), all.end[0].get());
  EXPECT_EQ(all.end[0].depth(), 6);
  EXPECT_EQ(all.end[0].ancestor(3).get(), ctx_.get());
}

TEST_P(RowsOf, TheLastTargetIsFedOnceSomethingComesAfterIt) {
  const std::vector<Token> reply{7, 8, 9}, one{7};
  const Needs whole{.draw = {.kind = Draw::Kind::kRow}};
  const auto spent = [&, before = d_->cost().total()] { return d_->cost().total() - before; };
  Rows targets, all, after, next;
  const Extend batch[] = {{.parent = ctx_, .tokens = reply, .rows = RowSet::kTargets},
                          {.parent = ctx_, .tokens = one, .rows = RowSet::kTargets}};
  ASSERT_TRUE(d_->extend(batch, targets).ok());
  EXPECT_EQ(spent(), 2);
  const Extend everything{.parent = ctx_, .tokens = reply, .rows = RowSet::kAll, .needs = whole};
  ASSERT_TRUE(d_->extend({&everything, 1}, all).ok());
  EXPECT_EQ(spent(), 2 + 3);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(targets.rows[k].logprob, all.rows[k].logprob);
  EXPECT_EQ(targets.rows[3].logprob, all.rows[0].logprob);
  const Extend none{.parent = targets.end[0], .rows = RowSet::kLast, .needs = whole};
  ASSERT_TRUE(d_->extend({&none, 1}, after).ok());
  EXPECT_EQ(spent(), 2 + 3 + 1);
  EXPECT_EQ(after.rows[0].logits, all.rows[3].logits);
  const std::vector<Token> rest{8, 9};
  const Extend longer{
      .parent = targets.end[1], .tokens = rest, .rows = RowSet::kLast, .needs = whole};
  ASSERT_TRUE(d_->extend({&longer, 1}, next).ok());
  EXPECT_EQ(spent(), 2 + 3 + 1 + 3);
  EXPECT_EQ(next.rows[0].logits, all.rows[3].logits);
}

TEST_P(RowsOf, ARowThatARequestLeftOutIsMadeWhenItIsAskedFor) {
  const std::vector<Token> reply{7, 8, 9}, rest{9};
  const Needs whole{.draw = {.kind = Draw::Kind::kRow}};
  const auto spent = [&, before = d_->cost().total()] { return d_->cost().total() - before; };
  Rows last, all, again;
  const Extend end_only{.parent = ctx_, .tokens = reply, .rows = RowSet::kLast, .needs = whole};
  const Extend everything{.parent = ctx_, .tokens = reply, .rows = RowSet::kAll, .needs = whole};
  ASSERT_TRUE(d_->extend({&end_only, 1}, last).ok());
  ASSERT_TRUE(d_->extend({&everything, 1}, all).ok());
  EXPECT_EQ(spent(), 3 + 3);
  EXPECT_EQ(last.rows[0].logits, all.rows[3].logits);
  for (const auto& [back, cost] :
       {std::pair{1, 1}, {2, 1}, {2, 0}}) {  // the row after all but `back` tokens
    const std::int64_t before = spent();
    const PrefixRef at = last.end[0].ancestor(back);
    const Extend both[] = {{.parent = at, .rows = RowSet::kLast, .needs = whole},
                           {.parent = at, .tokens = rest, .rows = RowSet::kAll, .needs = whole}};
    ASSERT_TRUE(d_->extend(both, again).ok());
    EXPECT_EQ(spent() - before, cost + 1);
    EXPECT_EQ(again.rows[0].logits, all.rows[3 - back].logits);
    EXPECT_EQ(again.rows[1].logits, all.rows[3 - back].logits);
    if (back == 1) {
      EXPECT_EQ(again.rows[2].logits, all.rows[3].logits);
    }
  }
}

TEST_P(RowsOf, Errors) {
  const auto fails = [&](const Extend& e, const std::string& part) {
    Rows rows;
    const Status s = d_->extend({&e, 1}, rows);
    ASSERT_FALSE(s.ok()) << part;
    EXPECT_NE(s.error().message().find(part), std::string::npos) << s.error().message();
  };
  const std::vector<Token> bad{300}, many(200, 5), one{5};
  const TokenMask wrong(17), nothing(model_->info().n_vocab, false);
  fails({.parent = ctx_, .tokens = bad}, "0 to 299");
  fails({.parent = ctx_, .tokens = many}, "at most 128 tokens");
  fails({.tokens = one, .rows = RowSet::kAll}, "at least one token");
  fails({.parent = ctx_, .tokens = one, .masks = {&wrong}}, "a mask of 300 ids");
  fails({.parent = ctx_, .tokens = one, .masks = {&nothing}}, "finite logits");
  fails({.parent = ctx_, .tokens = one, .masks = {nullptr, nullptr, nullptr}}, "one a row");
  EXPECT_FALSE(d_->add_context({}).ok());
}

TEST_P(RowsOf, PromptsShareWhatTheyShare) {
  const auto before = d_->cost().total();
  const std::vector<Token> longer{1, 2, 3, 4, 5}, same{1, 2, 3};
  const PrefixRef kept = test::must(d_->add_context(longer));
  EXPECT_EQ(d_->cost().total(), before + 2);
  (void)test::must(d_->add_context(same));
  EXPECT_EQ(d_->cost().total(), before + 2);
}

TEST_P(RowsOf, AThousandRequestsThatFailLeaveNoNode) {
  const auto& tree = dynamic_cast<const Language&>(*d_);
  const int before = tree.n_nodes();
  const std::vector<Token> good{7, 8}, bad{9, 300};
  for (int i = 0; i < 1000; ++i) {
    const std::vector<Token> prompt{1, 2, static_cast<Token>(10 + i % 250),
                                    static_cast<Token>(i % 7)};
    const PrefixRef context = test::must(d_->add_context(prompt));
    Rows rows;
    const Extend both[] = {{.parent = context, .tokens = good}, {.parent = context, .tokens = bad}};
    EXPECT_FALSE(d_->extend(both, rows).ok());
    ASSERT_TRUE(d_->extend({both, 1}, rows).ok());
  }
  EXPECT_EQ(tree.n_nodes(), before);
}

// The number of a released context may belong to another prefix by now, so the tokens that a prompt
// shares must be compared.
TEST_P(RowsOf, AContextThatIsGoneIsNotShared) {
  const std::vector<Token> prompt{40, 41, 42}, other{50, 51, 52, 53}, reply{7};
  const auto row_after = [&](std::span<const Token> tokens) {
    const PrefixRef context = test::must(d_->add_context(tokens));
    Rows rows;
    const Extend e{
        .parent = context, .rows = RowSet::kLast, .needs = {.draw = {.kind = Draw::Kind::kRow}}};
    EXPECT_TRUE(d_->extend({&e, 1}, rows).ok());
    return rows.rows[0].logits;
  };
  const auto first = row_after(prompt), second = row_after(other);
  EXPECT_NE(first, second);
  EXPECT_EQ(row_after(prompt), first);
  EXPECT_EQ(row_after(other), second);
}

INSTANTIATE_TEST_SUITE_P(Tiny, RowsOf, testing::ValuesIn(test::on_engines({"llama-tied"})),
                         test::suite_name);

}  // namespace
}  // namespace ponder
