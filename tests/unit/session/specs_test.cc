// Parsing of budgets, methods and terms.
#include "ponder/session/specs.h"

#include <gtest/gtest.h>

namespace ponder {
namespace {

TEST(ParseBudget, TakesSecondsMinutesAndTokens) {
  EXPECT_EQ(parse_budget("10", "").value().seconds, 10);
  EXPECT_EQ(parse_budget("1.5m", "").value().seconds, 90);
  const auto both = parse_budget("2s,5000t", "").value();
  EXPECT_EQ(both.seconds, 2);
  EXPECT_EQ(both.tokens, 5000);
  EXPECT_EQ(parse_budget("", "").value().tokens, Budget().tokens);
  for (const char* wrong : {"x", "-1s", "1s,2s", "1t,2t", "1h", "1s,", "nan", "inf"})
    EXPECT_FALSE(parse_budget(wrong, "--budget").ok()) << wrong;
}

TEST(JoinSettings, KeepsTheSettingsOfAMethodTogether) {
  EXPECT_EQ(join_settings({"hmc:steps=3", "angle=0.3", "beam:width=4", "prove"}),
            (std::vector<std::string>{"hmc:steps=3,angle=0.3", "beam:width=4", "prove"}));
}

TEST(TermSpec, IsReadOnceIntoValues) {
  const auto t = TermSpec::parse("frozen:hard:2=a:b");
  ASSERT_TRUE(t.ok());
  EXPECT_EQ(t->name, "frozen");
  EXPECT_TRUE(t->hard);
  EXPECT_EQ(t->argument, "2=a:b");
  EXPECT_EQ(TermSpec::parse("copy:0.5")->weight, 0.5);
  for (const char* wrong : {"copy", "copy:", "copy:x", "nothing:1"})
    EXPECT_FALSE(TermSpec::parse(wrong).ok()) << wrong;
  EXPECT_NE(TermSpec::parse("coppy:1").error().hint.find("copy"), std::string::npos);
}

TEST(TermsRequest, NamesTheTermsThatNoProofBounds) {
  const auto r = TermsRequest::parse({"copy:1", "self-verification:1"}, "1,2");
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->length_prior->deviation, 2);
  EXPECT_EQ(check_provable(*r).error().got, "self-verification");
  for (const char* wrong : {"x", "1,0", "1,-1", "1,2,3"})
    EXPECT_FALSE(TermsRequest::parse({}, wrong).ok()) << wrong;
}

TEST(TermsRequest, IsNamedByWhatWasWrittenAndWhatWasGiven) {
  auto r = TermsRequest::parse({"copy:1"}, "1,2").value();
  EXPECT_EQ(r.label(), "1,2\ncopy:1");
  r.given.push_back({make_term("own", [](ReplyTokens) { return 0.; }), 0.5});
  EXPECT_EQ(r.label(), "1,2\ncopy:1\nown:0.5");
  EXPECT_FALSE(TermsRequest{.given = r.given}.empty());
}

}  // namespace
}  // namespace ponder
