// Pseudo-likelihood compared with its definition: the reply with every candidate at its position,
// scored as a whole.
#include "ponder/search/pseudo.h"

#include <cmath>

#include "worlds.h"

namespace ponder {
namespace {

using test::World;

double log_prob(const World& w, const std::vector<Token>& reply, const TokenMask* mask) {
  Rows rows;
  const Extend e{.parent = w.context, .tokens = reply, .rows = RowSet::kTargets, .masks = {mask}};
  EXPECT_TRUE(w.density->extend({&e, 1}, rows).ok());
  double sum = 0;
  for (const Row& r : rows.rows) sum += r.logprob;
  return sum;
}

TEST(PseudoLikelihood, EqualsItsDefinitionOnRandomTables) {
  int restricted = 0;
  test::for_tables(200, [&](const World& w, std::mt19937& rng, int i) {
    const Reply& r = w.replies[rng() % w.replies.size()];
    const int n_vocab = w.density->n_vocab(), k = 1 + static_cast<int>(rng() % (n_vocab + 1));
    const TokenMask* mask =
        w.law.config().allowed.empty() ? nullptr : w.law.mask(w.law.min_length());
    if (w.law.target() == Target::kFixed) mask = nullptr;
    const auto pl = pseudo_likelihood(*w.density, w.context, r.tokens, k, mask);
    ASSERT_TRUE(pl.ok());
    ASSERT_EQ(pl->logprobs.size(), r.tokens.size());
    double sum = 0;
    for (std::size_t t = 0; t < r.tokens.size(); ++t) {
      double own = 0, z = 0;
      const auto& candidates = pl->candidates[t];
      for (Token v : candidates) {
        std::vector<Token> y = r.tokens;
        y[t] = v;
        z += std::exp(log_prob(w, y, mask));
        if (v == r.tokens[t]) own = log_prob(w, y, mask);
        EXPECT_TRUE(v == r.tokens[t] || t + 1 == r.tokens.size() || !w.density->is_end(v)) << i;
      }
      EXPECT_NEAR(pl->logprobs[t], own - std::log(z), 1e-9) << "world " << i << " position " << t;
      sum += pl->logprobs[t];
      restricted += static_cast<int>(candidates.size()) == k;
      EXPECT_LE(static_cast<int>(candidates.size()), k + 1);
      if (k >= n_vocab && !mask && t + 1 == r.tokens.size()) {
        EXPECT_EQ(static_cast<int>(candidates.size()), n_vocab);
      }
    }
    EXPECT_NEAR(pl->sum, sum, 1e-12);
  });
  EXPECT_GT(restricted, 100);
}

TEST(PseudoLikelihood, EdgeCases) {
  TableDensity d({.n_vocab = 4, .seed = 5});
  EXPECT_FALSE(pseudo_likelihood(d, d.root(), std::vector<Token>{1}, 0).ok());
  EXPECT_EQ(pseudo_likelihood(d, d.root(), {}, 3)->sum, 0);
  // With one token and every id a candidate, the conditional is the law itself.
  const auto one = pseudo_likelihood(d, d.root(), std::vector<Token>{2}, 4);
  EXPECT_NEAR(one->sum, d.log_probs(d.hash({}), nullptr)[2], 1e-12);
  // A token that the mask forbids has no probability.
  const TokenMask mask = TokenMask::only(4, std::vector<Token>{0, 1});
  EXPECT_TRUE(
      std::isinf(pseudo_likelihood(d, d.root(), std::vector<Token>{2, 1}, 2, &mask)->logprobs[0]));
  EXPECT_EQ(d.n_live(), 0);
}

}  // namespace
}  // namespace ponder
