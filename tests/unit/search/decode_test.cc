// Decoders: their empirical law compared with enumeration, the shaping of a row with its
// definition, and the independence of streams.
#include "ponder/search/decode.h"

#include <cmath>
#include <map>

#include "search/shape.h"
#include "worlds.h"

namespace ponder {
namespace {

using test::World;

TEST(Decode, SamplesFollowTheLaw) {
  TableDensity d({.n_vocab = 3, .seed = 8, .peak = 0.8});
  const auto law = *ReplyLaw::make({.target = Target::kTruncated, .horizon = 3}, 3, d.end_tokens());
  const auto all = *enumerate_replies(d, d.root(), law);
  const int n = 20000;
  // Pure temperature and shaping of a whole row are two paths through the code.
  for (const double min_p : {0., 1e-12}) {
    const auto draws =
        *decode(d, d.root(), law, {.temperature = 1, .min_p = min_p, .seed = 4}, n, {});
    std::map<std::vector<Token>, int> counts;
    for (const Reply& r : draws) ++counts[r.tokens];
    double chi2 = 0;
    for (const Reply& r : all) {
      const double expected = n * std::exp(r.logprob);
      chi2 += std::pow(counts[r.tokens] - expected, 2) / expected;
    }
    const double dof = static_cast<double>(all.size()) - 1;
    EXPECT_LT((chi2 - dof) / std::sqrt(2 * dof), 4.5);  // false alarm below 1e-4
    for (const Reply& r : all) EXPECT_GT(counts[r.tokens], 0);
  }
  EXPECT_EQ(d.n_live(), 0);
}

TEST(Decode, TemperatureIsTheLawsOwnPower) {
  TableDensity d({.n_vocab = 4, .seed = 9, .peak = 1});
  const auto law = *ReplyLaw::make({.target = Target::kFixed, .horizon = 1}, 4, d.end_tokens());
  const auto lp = d.log_probs(d.hash({}), law.mask(0));
  const int n = 20000;
  std::vector<double> want(4);
  double z = 0;
  for (int v = 0; v < 4; ++v) z += want[v] = std::exp(lp[v] / 0.5);
  std::vector<int> counts(4);
  const auto draws = *decode(d, d.root(), law, {.temperature = 0.5, .seed = 1}, n, {});
  for (const Reply& r : draws) {
    ++counts[r.tokens[0]];
    EXPECT_NEAR(r.logprob, lp[r.tokens[0]], 1e-12);  // of the law, not of the decoder
  }
  for (int v = 1; v < 4; ++v)
    EXPECT_NEAR(counts[v] / double(n), want[v] / z, 4.5 * std::sqrt(0.25 / n));
}

TEST(Decode, AStreamDoesNotDependOnTheOthers) {
  TableDensity d({.n_vocab = 5, .seed = 2, .peak = 1});
  const auto law = *ReplyLaw::make({.horizon = 6}, 5, d.end_tokens());
  const DecodeConfig c{.temperature = 1, .seed = 77};
  const auto many = *decode(d, d.root(), law, c, 20, {});
  const auto few = *decode(d, d.root(), law, c, 3, {});
  for (int k = 0; k < 3; ++k) EXPECT_EQ(many[k].tokens, few[k].tokens);
  EXPECT_NE(many[0].tokens == many[1].tokens && many[1].tokens == many[2].tokens &&
                many[2].tokens == many[3].tokens,
            true);
}

TEST(Decode, GreedyTakesTheLargestAndStops) {
  test::for_tables(200, [](const World& w, std::mt19937&, int i) {
    const Reply r = (*decode(*w.density, w.context, w.law, {}, 1, {}))[0];
    double sum = 0;
    PrefixRef p = w.context;
    for (std::size_t t = 0; t < r.tokens.size(); ++t) {
      Rows rows;
      const TokenMask* mask = w.law.mask(static_cast<int>(t));
      const std::span<const Token> last(r.tokens.data() + (t ? t - 1 : 0), t ? 1 : 0);
      const Extend e{.parent = p,
                     .tokens = last,
                     .rows = RowSet::kLast,
                     .needs = {.draw = {.kind = Draw::Kind::kList}},
                     .masks = {mask}};
      ASSERT_TRUE(w.density->extend({&e, 1}, rows).ok());
      p = rows.end[0];
      EXPECT_EQ(rows.rows[0].list[0].token, r.tokens[t]) << i;
      sum += rows.rows[0].list[0].logprob;
    }
    EXPECT_NEAR(r.logprob, sum, 1e-12);
    EXPECT_EQ(r.ended, w.law.is_end(r.tokens.back()));
    EXPECT_TRUE(r.ended || static_cast<int>(r.tokens.size()) == w.law.horizon());
  });
}

TEST(Decode, StreamingCanStopAStream) {
  TableDensity d({.n_vocab = 5, .end_tokens = {}, .seed = 2});
  const auto law = *ReplyLaw::make({.target = Target::kTruncated, .horizon = 9}, 5, {});
  int seen = 0;
  const auto r = *decode(d, d.root(), law, {}, 1, {}, [&](int, TokenProb) { return ++seen < 4; });
  EXPECT_EQ(seen, 4);
  EXPECT_EQ(r[0].tokens.size(), 4u);
  EXPECT_FALSE(decode(d, d.root(), law, {.temperature = -1}, 1, {}).ok());
  EXPECT_FALSE(decode(d, d.root(), law, {.top_p = 0}, 1, {}).ok());
}

TEST(Shape, Truncations) {
  const std::vector<float> l{2, 1, 0, -1, -std::numeric_limits<float>::infinity()};
  const auto tokens = [&](const DecodeConfig& c, const std::vector<Token>& seen = {}) {
    std::vector<Token> t;
    double sum = 0;
    for (const auto& [v, w] : shape(l, seen, c)) t.push_back(v), sum += w;
    EXPECT_NEAR(sum, 1, 1e-12);
    return t;
  };
  EXPECT_EQ(tokens({.temperature = 1}), (std::vector<Token>{0, 1, 2, 3}));
  EXPECT_EQ(tokens({.temperature = 1, .top_k = 2}), (std::vector<Token>{0, 1}));
  // p = .644 .237 .087 .032
  EXPECT_EQ(tokens({.temperature = 1, .top_p = 0.6}), (std::vector<Token>{0}));
  EXPECT_EQ(tokens({.temperature = 1, .top_p = 0.7}), (std::vector<Token>{0, 1}));
  EXPECT_EQ(tokens({.temperature = 1, .min_p = 0.2}), (std::vector<Token>{0, 1}));
  EXPECT_EQ(tokens({}), (std::vector<Token>{0}));
  EXPECT_EQ(tokens({.repetition_penalty = 4}, {0}), (std::vector<Token>{1}));
  const auto hot = shape(l, {}, {.temperature = 2, .top_k = 2});
  EXPECT_NEAR(hot[0].second / hot[1].second, std::exp(0.5), 1e-6);
  const auto negative = shape({-1, -1.5f}, {0}, {.repetition_penalty = 2});
  EXPECT_EQ(negative[0].first, 1);
}

}  // namespace
}  // namespace ponder
