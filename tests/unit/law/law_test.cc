// Which strings are replies, and the enumeration of all of them: probabilities sum to one.
#include "ponder/density/law.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "law/toy/enumerate.h"
#include "law/toy/table.h"

namespace ponder {
namespace {

ReplyLaw law(const ReplyLawConfig& c, const TableDensity& d) {
  auto l = ReplyLaw::make(c, d.n_vocab(), d.end_tokens());
  EXPECT_TRUE(l.ok()) << (l.ok() ? "" : l.error().message());
  return *l;
}
double mass(const std::vector<Reply>& all) {
  double m = 0;
  for (const Reply& r : all) m += std::exp(r.logprob);
  return m;
}

TEST(ReplyLaw, TargetsAndTheirMass) {
  TableDensity d({.n_vocab = 4, .end_tokens = {0, 3}, .seed = 5, .peak = 1});
  const auto truncated =
      *enumerate_replies(d, d.root(), law({.target = Target::kTruncated, .horizon = 4}, d));
  EXPECT_NEAR(mass(truncated), 1, 1e-12);
  EXPECT_EQ(truncated.size(), 2u + 2 * 2 + 4 * 2 + 8 * 4u);
  const auto fixed =
      *enumerate_replies(d, d.root(), law({.target = Target::kFixed, .horizon = 4}, d));
  EXPECT_NEAR(mass(fixed), 1, 1e-12);
  EXPECT_EQ(fixed.size(), 16u);
  const auto ended =
      *enumerate_replies(d, d.root(), law({.target = Target::kEnded, .horizon = 4}, d));
  EXPECT_LT(mass(ended), 1);
  EXPECT_EQ(ended.size(), 2u + 4 + 8 + 16u);
  for (const Reply& r : ended) EXPECT_TRUE(r.ended);
  const auto longer = *enumerate_replies(
      d, d.root(), law({.target = Target::kTruncated, .horizon = 4, .min_length = 3}, d));
  EXPECT_NEAR(mass(longer), 1, 1e-12);
  for (const Reply& r : longer) EXPECT_GE(r.tokens.size(), 3u);
  const auto some = *enumerate_replies(
      d, d.root(), law({.target = Target::kTruncated, .horizon = 4, .allowed = {1, 3}}, d));
  EXPECT_NEAR(mass(some), 1, 1e-12);
  EXPECT_EQ(some.size(), 5u);
  EXPECT_EQ(d.n_live(), 0);
}

// `shortest` is a condition: strings that are long enough keep their probabilities; the others are
// just no replies.
TEST(ReplyLaw, ShortestIsAConditionAndRenormalisesNothing) {
  TableDensity d({.n_vocab = 4, .end_tokens = {0, 3}, .seed = 5, .peak = 1});
  for (const Target target : {Target::kEnded, Target::kTruncated, Target::kFixed}) {
    const ReplyLaw plain = law({.target = target, .horizon = 4}, d);
    const ReplyLaw some = law({.target = target, .horizon = 4, .shortest = 3}, d);
    std::vector<Reply> want;
    const auto all = *enumerate_replies(d, d.root(), plain);
    for (const Reply& r : all) {
      EXPECT_TRUE(plain.is_reply(r.tokens));
      EXPECT_TRUE(some.is_closed(r.tokens));
      EXPECT_EQ(some.is_reply(r.tokens), r.tokens.size() >= 3);
      if (r.tokens.size() >= 3) want.push_back(r);
    }
    const auto got = *enumerate_replies(d, d.root(), some);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].tokens, want[i].tokens);
      EXPECT_EQ(got[i].logprob, want[i].logprob);
    }
  }
}

TEST(ReplyLaw, IsAReply) {
  const auto make = [](const ReplyLawConfig& c) {
    return *ReplyLaw::make(c, 5, std::vector<Token>{0, 4});
  };
  using Tokens = std::vector<Token>;
  const ReplyLaw ended = make({.horizon = 3, .allowed = {0, 1, 2, 4}});
  for (const Tokens& x : {Tokens{0}, {4}, {1, 0}, {2, 1, 4}}) EXPECT_TRUE(ended.is_reply(x));
  // Nothing, not ended, ended twice, an id that is not allowed, none of the vocabulary, too long.
  for (const Tokens& x :
       {Tokens{}, {1}, {1, 2, 1}, {0, 0}, {1, 4, 0}, {3, 0}, {-1, 0}, {5, 0}, {1, 1, 1, 0}})
    EXPECT_FALSE(ended.is_reply(x));
  const ReplyLaw late =
      make({.target = Target::kTruncated, .horizon = 3, .min_length = 2, .shortest = 2});
  for (const Tokens& x : {Tokens{1, 0}, {1, 2, 3}, {1, 2, 0}}) EXPECT_TRUE(late.is_reply(x));
  for (const Tokens& x : {Tokens{0}, {1, 2}}) EXPECT_FALSE(late.is_closed(x));  // masked; open
}

TEST(ReplyLaw, Errors) {
  const std::vector<Token> ends{0};
  const auto fails = [&](const ReplyLawConfig& c, const char* part) {
    const auto l = ReplyLaw::make(c, 4, ends);
    ASSERT_FALSE(l.ok()) << part;
    EXPECT_NE(l.error().message().find(part), std::string::npos) << l.error().message();
  };
  fails({.horizon = 0}, "a horizon of at least 1");
  fails({.horizon = 3, .min_length = 4}, "a minimum length");
  fails({.horizon = 3, .shortest = 4}, "a fewest number of tokens");
  fails({.horizon = 3, .allowed = {4}}, "allowed ids from 0 to 3");
  fails({.horizon = 3, .allowed = {1, 2}}, "an end token");
  fails({.target = Target::kFixed, .horizon = 3, .allowed = {0}}, "no end token");
  EXPECT_TRUE(
      ReplyLaw::make({.target = Target::kFixed, .horizon = 3, .allowed = {1}}, 4, ends).ok());
}

TEST(TokenMask, CountsWhatItAllows) {
  TokenMask m(130);
  EXPECT_EQ(m.count(), 130);
  m.set(129, false);
  m.set(129, false);
  m.set(0, false);
  EXPECT_EQ(m.count(), 128);
  EXPECT_FALSE(m[129]);
  EXPECT_TRUE(m[128]);
  const std::vector<Token> ids{3, 64};
  EXPECT_EQ(TokenMask::only(130, ids).count(), 2);
}

TEST(Target, Names) {
  for (Target t : {Target::kEnded, Target::kTruncated, Target::kFixed})
    EXPECT_EQ(parse_target(to_string(t)), t);
  EXPECT_FALSE(parse_target("else"));
}

}  // namespace
}  // namespace ponder
