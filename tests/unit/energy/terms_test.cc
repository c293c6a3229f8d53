// Each term by values worked out by hand.
#include "ponder/terms.h"

#include <gtest/gtest.h>

#include <cmath>

#include "density/table.h"

namespace ponder {
namespace {

double value(Term& t, const std::vector<Token>& x) {
  const ReplyTokens reply = x;
  double out = NAN;
  EXPECT_TRUE(t.evaluate({&reply, 1}, {&out, 1}).ok());
  return out;
}
double value(const std::unique_ptr<Term>& t, const std::vector<Token>& x) { return value(*t, x); }

// Token 0 ends; token k is the k-th letter.
std::string letters(ReplyTokens x) {
  std::string s;
  for (Token v : x)
    if (v > 0) s += static_cast<char>('a' + v - 1);
  return s;
}

TEST(Terms, Length) {
  EXPECT_EQ(value(make_length_term({.per_token = 0.5}), {1, 2, 0}), 1.5);
  EXPECT_EQ(value(make_length_term({.per_token = 0.5, .mean = 5, .deviation = 2}), {1, 2, 0}), 1.5 - 0.5);
  EXPECT_EQ(make_length_term({})->name(), "length");
}

TEST(Terms, Repetition) {
  const auto t = make_repetition_term(2);
  EXPECT_EQ(value(t, {1, 2, 1, 2, 0}), -1);  // 12 twice
  EXPECT_EQ(value(t, {1, 1, 1, 1, 0}), -2);  // 11 three times
  EXPECT_EQ(value(t, {1, 2, 3, 0}), 0);
  EXPECT_EQ(value(t, {0}), 0);
}

TEST(Terms, Copy) {
  const std::vector<Token> prompt{5, 1, 2, 3};
  const auto t = make_copy_term(prompt, 2);
  EXPECT_EQ(value(t, {1, 2, 3, 0}), -2);  // 12, 23
  EXPECT_EQ(value(t, {1, 2, 1, 2}), -2);  // 12 twice
  EXPECT_EQ(value(t, {3, 5, 0}), 0);
  EXPECT_EQ(value(make_copy_term(prompt, 5), {5, 1, 2, 3, 0}), 0);  // longer than the prompt
}

TEST(Terms, Keyword) {
  EXPECT_EQ(value(make_keyword_term({.word = "bc"}, letters), {1, 2, 3, 0}), 1);
  EXPECT_EQ(value(make_keyword_term({.word = "bc"}, letters), {1, 3, 2, 0}), 0);
  EXPECT_EQ(value(make_keyword_term({.word = "bc", .hard = true}, letters), {1, 2, 3, 0}), 0);
  EXPECT_EQ(value(make_keyword_term({.word = "bc", .hard = true}, letters), {1, 3, 2, 0}), -INFINITY);
  EXPECT_EQ(value(make_keyword_term({.word = "bc", .forbid = true}, letters), {1, 2, 3, 0}), -1);
  EXPECT_EQ(value(make_keyword_term({.word = "bc", .forbid = true}, letters), {1, 3, 2, 0}), 0);
  const auto hard = make_keyword_term({.word = "bc", .forbid = true, .hard = true}, letters);
  EXPECT_EQ(value(hard, {1, 2, 3, 0}), -INFINITY);
  EXPECT_EQ(value(hard, {1, 3, 2, 0}), 0);
  EXPECT_EQ(hard->name(), "forbid");
}

TEST(Terms, Frozen) {
  EXPECT_EQ(value(make_frozen_term({.begin = 1, .tokens = {2, 3}}), {9, 2, 3, 0}), 0);
  EXPECT_EQ(value(make_frozen_term({.begin = 1, .tokens = {2, 3}}), {9, 2, 4, 0}), -INFINITY);
  EXPECT_EQ(value(make_frozen_term({.begin = 1, .tokens = {2, 3}, .hard = false}), {9, 2, 4, 0}), -1);
  EXPECT_EQ(value(make_frozen_term({.begin = 1, .tokens = {2, 3}, .hard = false}), {9, 0}), -2);
}

TEST(Terms, Canonical) {
  const auto even = [](ReplyTokens x) { return x.size() % 2 == 0; };
  EXPECT_EQ(value(make_canonical_term(even, false), {1, 0}), 0);
  EXPECT_EQ(value(make_canonical_term(even, false), {0}), -1);
  EXPECT_EQ(value(make_canonical_term(even, true), {0}), -INFINITY);
}

TEST(Terms, Continuations) {
  TableDensity d({.n_vocab = 6, .end_tokens = {0}, .seed = 8, .peak = 1});
  const auto lp = [&](const std::vector<Token>& prefix, Token v) { return d.log_probs(d.hash(prefix), nullptr)[v]; };
  const std::vector<Token> opening{5};
  const Extend feed{.parent = d.root(), .tokens = opening, .rows = RowSet::kNone};
  Rows rows;
  ASSERT_TRUE(d.extend({&feed, 1}, rows).ok());
  PrefixRef context = std::move(rows.end[0]);
  const auto back = make_reply_to_prompt_term(d, {.context = context, .bridge = {4, 4}, .wanted = {3, 1}});
  const std::vector<Token> ended{1, 2, 0}, unended{1, 2, 2};
  const std::vector<ReplyTokens> replies{ended, unended};
  std::vector<double> out(2);
  ASSERT_TRUE(back->evaluate(replies, out).ok());
  EXPECT_DOUBLE_EQ(out[0], lp({5, 1, 2, 4, 4}, 3) + lp({5, 1, 2, 4, 4, 3}, 1));
  EXPECT_DOUBLE_EQ(out[1], lp({5, 1, 2, 2, 4, 4}, 3) + lp({5, 1, 2, 2, 4, 4, 3}, 1));
  EXPECT_DOUBLE_EQ(value(make_self_verification_term(d, {.context = context, .wanted = {2}}), {0}), lp({5}, 2))
      << "an empty reply";
  EXPECT_EQ(back->name(), "reply-to-prompt");
  EXPECT_EQ(d.n_live(), 1);
}

// The weight of a term in U, and a term of one's own.
TEST(Terms, InTheEnergy) {
  TableDensity d({.n_vocab = 4, .end_tokens = {0}, .seed = 8, .peak = 1});
  std::vector<std::unique_ptr<Term>> terms;
  terms.push_back(make_repetition_term(1));
  terms.push_back(make_term("first", [](ReplyTokens x) { return static_cast<double>(x[0]); }));
  const Energy e = *Energy::make(d, d.root(), *ReplyLaw::make({.horizon = 4}, 4, d.end_tokens()), {{2, {0.5, -3}}},
                                 std::move(terms));
  const Energy::Edit edit{.tail = {2, 2, 0}};
  std::vector<ChainState> x;
  ASSERT_TRUE(e.evaluate({&edit, 1}, x).ok());
  EXPECT_EQ(x[0].terms, (std::vector<double>{-1, 2}));
  EXPECT_DOUBLE_EQ(e.energy(x[0]), -2 * x[0].logprob - (0.5 * -1 + -3 * 2));
}

}  // namespace
}  // namespace ponder
