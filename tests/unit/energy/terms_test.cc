// Each term, compared with values computed by hand.
#include "ponder/energy/terms.h"

#include <gtest/gtest.h>

#include <cmath>

#include "law/toy/table.h"

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
  EXPECT_EQ(value(make_length_term({.per_token = 0.5, .mean = 5, .deviation = 2}), {1, 2, 0}),
            1.5 - 0.5);
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
  EXPECT_EQ(value(make_keyword_term({.word = "bc", .hard = true}, letters), {1, 3, 2, 0}),
            -INFINITY);
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
  EXPECT_EQ(value(make_frozen_term({.begin = 1, .tokens = {2, 3}, .hard = false}), {9, 2, 4, 0}),
            -1);
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
  const auto lp = [&](const std::vector<Token>& prefix, Token v) {
    return d.log_probs(d.hash(prefix), nullptr)[v];
  };
  const std::vector<Token> opening{5};
  const Extend feed{.parent = d.root(), .tokens = opening, .rows = RowSet::kNone};
  Rows rows;
  ASSERT_TRUE(d.extend({&feed, 1}, rows).ok());
  PrefixRef context = std::move(rows.end[0]);
  const auto back =
      make_reply_to_prompt_term(d, {.context = context, .bridge = {4, 4}, .wanted = {3, 1}});
  const std::vector<Token> ended{1, 2, 0}, unended{1, 2, 2};
  const std::vector<ReplyTokens> replies{ended, unended};
  std::vector<double> out(2);
  ASSERT_TRUE(back->evaluate(replies, out).ok());
  EXPECT_DOUBLE_EQ(out[0], lp({5, 1, 2, 4, 4}, 3) + lp({5, 1, 2, 4, 4, 3}, 1));
  EXPECT_DOUBLE_EQ(out[1], lp({5, 1, 2, 2, 4, 4}, 3) + lp({5, 1, 2, 2, 4, 4, 3}, 1));
  EXPECT_DOUBLE_EQ(value(make_self_verification_term(d, {.context = context, .wanted = {2}}), {0}),
                   lp({5}, 2))
      << "an empty reply";
  EXPECT_EQ(back->name(), "reply-to-prompt");
  EXPECT_EQ(d.n_live(), 1);
}

// All token strings of 1 to n tokens, 0 only last or nowhere, over the tokens 0 to 3.
std::vector<std::vector<Token>> all_replies(int n) {
  std::vector<std::vector<Token>> open{{}}, closed;
  for (int t = 0; t < n; ++t) {
    std::vector<std::vector<Token>> next;
    for (const auto& x : open)
      for (Token v = 0; v < 4; ++v) {
        next.push_back(x);
        next.back().push_back(v);
        closed.push_back(next.back());
        if (v == 0) next.pop_back();
      }
    open = std::move(next);
  }
  return closed;
}

// By enumeration, a range contains R of all replies that begin alike, and at a complete reply it is
// that reply's R.
TEST(Terms, RangesHoldEveryReplyThatBeginsAlike) {
  constexpr int kMost = 5;
  const std::vector<Token> prompt{2, 1, 3, 1};
  const auto canonical = [](ReplyTokens x) {
    return x.size() < 2 || x[0] != 1 || x[1] != 2 || x.size() > 3;
  };
  std::vector<std::unique_ptr<Term>> terms;
  for (int n : {1, 2, 3}) {
    terms.push_back(make_repetition_term(n));
    terms.push_back(make_copy_term(prompt, n));
  }
  for (const bool hard : {false, true}) {
    for (const bool forbid : {false, true})
      for (const char* word : {"a", "bc", "abca", "abcabc"})
        terms.push_back(make_keyword_term({.word = word, .forbid = forbid, .hard = hard}, letters));
    for (int begin : {0, 1, 4, 9})
      terms.push_back(make_frozen_term({.begin = begin, .tokens = {2, 1}, .hard = hard}));
    terms.push_back(make_canonical_term(canonical, hard));
  }
  const auto replies = all_replies(kMost);
  for (const auto& t : terms)
    for (const auto& x : replies) {
      const double r = value(t, x);
      const TermRange whole = t->range(x, static_cast<int>(x.size()));
      EXPECT_EQ(whole.least, r);
      EXPECT_EQ(whole.most, r);
      for (std::size_t n = 0; n < x.size(); ++n) {
        const TermRange range = t->range(ReplyTokens(x).first(n), kMost);
        ASSERT_LE(range.least, r) << t->name() << " after " << n << " tokens";
        ASSERT_GE(range.most, r) << t->name() << " after " << n << " tokens";
      }
    }
  // An unknown range is infinite, and a decided value is a point.
  EXPECT_EQ(make_term("own", [](ReplyTokens) { return 0.; })->range({}, 3).most, INFINITY);
  const std::vector<Token> bc{2, 3};
  EXPECT_EQ(make_keyword_term({.word = "bc", .forbid = true, .hard = true}, letters)
                ->range(bc, kMost)
                .most,
            -INFINITY);
  EXPECT_EQ(make_frozen_term({.begin = 1, .tokens = {1}})->range(bc, kMost).most, -INFINITY);
  EXPECT_EQ(make_frozen_term({.begin = kMost, .tokens = {1}})->range({}, kMost).most, -INFINITY);
}

// The weight of a term in U, with a term made from a function.
TEST(Terms, InTheEnergy) {
  TableDensity d({.n_vocab = 4, .end_tokens = {0}, .seed = 8, .peak = 1});
  std::vector<std::unique_ptr<Term>> terms;
  terms.push_back(make_repetition_term(1));
  terms.push_back(make_term("first", [](ReplyTokens x) { return static_cast<double>(x[0]); }));
  const Energy e = *Energy::make(d, d.root(), *ReplyLaw::make({.horizon = 4}, 4, d.end_tokens()),
                                 {{2, {0.5, -3}}}, std::move(terms));
  const Energy::Edit edit{.tail = {2, 2, 0}};
  std::vector<ChainState> x;
  ASSERT_TRUE(e.evaluate({&edit, 1}, x).ok());
  EXPECT_EQ(x[0].terms, (std::vector<double>{-1, 2}));
  EXPECT_DOUBLE_EQ(e.energy(x[0]), -2 * x[0].logprob - (0.5 * -1 + -3 * 2));
}

}  // namespace
}  // namespace ponder
