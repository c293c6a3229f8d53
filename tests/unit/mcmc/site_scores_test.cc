// Scores of replacements by their formula.
#include "mcmc/site_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "gradient_table.h"

namespace ponder {
namespace {

TEST(SiteScores, AreTheirFormula) {
  test::GradientTable d({.n_vocab = 4, .end_tokens = {0}, .seed = 2, .peak = 1});
  const Energy e = *Energy::make(d, d.root(), *ReplyLaw::make({.horizon = 4}, 4, d.end_tokens()),
                                 {{.alpha = 3}});
  const Energy::Edit edit{.tail = {1, 3, 0}};
  std::vector<ChainState> x;
  ASSERT_TRUE(e.evaluate({&edit, 1}, x).ok());
  const ChainState* state = &x[0];
  for (const double gradient : {0., 0.6}) {
    std::vector<SiteScores> out;
    ASSERT_TRUE(site_scores(e, {&state, 1}, gradient, out).ok());
    ASSERT_EQ(out[0].n_sites, 2) << "the end token is frozen";
    const SoftReply soft{.candidates = x[0].tokens};
    std::vector<ReplyGradient> g;
    ASSERT_TRUE(d.value_and_grad({&soft, 1}, {}, {}, g).ok());
    for (int i = 0; i < 2; ++i) {
      const auto lp = d.log_probs(d.hash(std::span(x[0].tokens).first(i)), nullptr);
      const Token now = x[0].tokens[i];
      EXPECT_EQ(out[0].at(i)[0], -INFINITY) << "an end token is no candidate";
      EXPECT_EQ(out[0].at(i)[now], 0);
      for (Token v = 1; v < 4; ++v) {
        const double slope = g[0].slopes[i * 4 + v] - g[0].slopes[i * 4 + now];
        EXPECT_NEAR(out[0].at(i)[v], 1.5 * (lp[v] - lp[now] + gradient * slope), 1e-5);
      }
    }
  }
}

TEST(SiteScores, NoGradient) {
  TableDensity d({.n_vocab = 4, .end_tokens = {0}, .seed = 2, .peak = 1});
  const Energy e = *Energy::make(d, d.root(), *ReplyLaw::make({.horizon = 4}, 4, d.end_tokens()),
                                 {{.alpha = 3}});
  const Energy::Edit edit{.tail = {1, 3, 0}};
  std::vector<ChainState> x;
  ASSERT_TRUE(e.evaluate({&edit, 1}, x).ok());
  const ChainState* state = &x[0];
  std::vector<SiteScores> out;
  EXPECT_TRUE(site_scores(e, {&state, 1}, 0, out).ok());
  const Status s = site_scores(e, {&state, 1}, 1, out);
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace ponder
