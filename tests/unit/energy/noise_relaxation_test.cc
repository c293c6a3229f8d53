// Noise space: decoding normals draws from the law, lifting a draw gives normals back, and the
// force is a function of position alone.
#include <gtest/gtest.h>

#include <map>

#include "base/gumbel.h"
#include "base/rng.h"
#include "density/models.h"
#include "law/toy/enumerate.h"
#include "law/toy/table.h"
#include "ponder/energy/relaxation.h"
#include "uniforms.h"

namespace ponder {
namespace {

using test::must;
using test::uniforms;
using State = NoiseRelaxation::State;

State normals(std::size_t n, const Uniforms& u) {
  State s;
  for (std::size_t i = 0; i < n; ++i) s.eps.push_back(static_cast<float>(normal(u())));
  return s;
}

struct World {
  explicit World(Target target, int min_length = 0)
      : table({.n_vocab = 4, .end_tokens = {0}, .seed = 5, .peak = 1.5}) {
    law = must(ReplyLaw::make({.target = target, .horizon = 3, .min_length = min_length}, 4,
                              table.end_tokens()));
  }
  TableDensity table;
  std::optional<ReplyLaw> law;
};

// Frequencies of decoded replies compared with q = prod softmax(alpha lp), by enumeration; a
// chi-squared of 60 sigma-free cells.
TEST(NoiseRelaxation, DecodedNormalsAreDrawsOfTheLaw) {
  World w(Target::kTruncated, 2);
  const double alpha = 2;
  const NoiseRelaxation r(w.table, w.table.root(), *w.law, alpha);
  const Uniforms u = uniforms(1);
  std::map<std::vector<Token>, int> counts;
  std::map<std::vector<Token>, NoiseRelaxation::Decoded> seen;
  const int n = 20000, batch = 100;
  for (int i = 0; i < n; i += batch) {
    std::vector<State> states;
    std::vector<const State*> pointers;
    for (int j = 0; j < batch; ++j) states.push_back(normals(3 * 4, u));
    for (const State& s : states) pointers.push_back(&s);
    std::vector<NoiseRelaxation::Decoded> out;
    ASSERT_TRUE(r.decode(pointers, out).ok());
    for (const auto& d : out) {
      ++counts[d.tokens];
      seen[d.tokens] = d;
    }
  }
  double chi2 = 0, mass = 0;
  int cells = 0;
  for (const auto& [tokens, d] : seen) {
    // f alpha - log q = log w
    const double q = std::exp(alpha * d.logprob - d.log_weight), expected = n * q;
    mass += q;
    chi2 += (counts[tokens] - expected) * (counts[tokens] - expected) / expected;
    ++cells;
  }
  EXPECT_GT(cells, 20);
  EXPECT_NEAR(mass, 1, 1e-3);
  EXPECT_LT(chi2, cells + 5 * std::sqrt(2. * cells));
  EXPECT_EQ(w.table.n_live(), 0);
}

TEST(NoiseRelaxation, UnendedIsNoReplyUnderEnded) {
  World w(Target::kEnded);
  const NoiseRelaxation r(w.table, w.table.root(), *w.law, 1);
  const Uniforms u = uniforms(2);
  int unended = 0;
  for (int i = 0; i < 300; ++i) {
    const State s = normals(3 * 4, u);
    const State* p = &s;
    std::vector<NoiseRelaxation::Decoded> out;
    ASSERT_TRUE(r.decode({&p, 1}, out).ok());
    EXPECT_EQ(out[0].ended, std::isfinite(out[0].log_weight));
    unended += !out[0].ended;
  }
  EXPECT_GT(unended, 0);
  EXPECT_EQ(w.table.n_live(), 0);
}

TEST(NoiseRelaxation, LiftOfADrawIsNormalAndDecodesToIt) {
  World w(Target::kFixed);
  const NoiseRelaxation r(w.table, w.table.root(), *w.law, 1.5);
  const Uniforms u = uniforms(3);
  const int n = 4000;
  std::vector<double> mean(12), square(12);
  for (int i = 0; i < n; ++i) {
    const State drawn = normals(12, u), *p = &drawn;
    std::vector<NoiseRelaxation::Decoded> x, back;
    ASSERT_TRUE(r.decode({&p, 1}, x).ok());
    State lifted;
    ASSERT_TRUE(r.lift(x[0].tokens, u, lifted).ok());
    p = &lifted;
    ASSERT_TRUE(r.decode({&p, 1}, back).ok());
    ASSERT_EQ(back[0].tokens, x[0].tokens);
    EXPECT_EQ(back[0].log_weight, x[0].log_weight);
    for (int k = 0; k < 12; ++k) {
      mean[k] += static_cast<double>(lifted.eps[k]) / n;
      square[k] += static_cast<double>(lifted.eps[k]) * lifted.eps[k] / n;
    }
  }
  for (int k = 0; k < 12; ++k) {  // position 0's masked end token included
    EXPECT_NEAR(mean[k], 0, 4.5 / std::sqrt(n)) << k;
    EXPECT_NEAR(square[k], 1, 4.5 * std::sqrt(2. / n)) << k;
  }
}

class NoiseForce : public testing::TestWithParam<int> {};
TEST_P(NoiseForce, IsAFunctionOfPositionAlone) {
  const std::string path = test::tiny_path("llama-tied");
  const auto run = [&](int threads) {
    const auto model = test::load(path, {.precision = Precision::kBF16, .n_threads = threads});
    const auto d =
        must(LanguageDensity::make(model, {.n_ctx = 0, .kv_bytes = 0, .end_tokens = {2}}));
    const Token prompt[] = {5, 6, 7, 8};
    const PrefixRef root = must(d->add_context(prompt));
    const ReplyLaw law = must(ReplyLaw::make(
        {.target = static_cast<Target>(GetParam()), .horizon = 6}, d->n_vocab(), d->end_tokens()));
    NoiseRelaxation r(*d, root, law, 3);
    State a, b;
    const Uniforms u = uniforms(7);
    const std::vector<Token> x{9, 10, 11, 12, 13, 2}, y{9, 10, 14, 2};
    EXPECT_TRUE(r.lift(x, u, a).ok() && r.lift(y, u, b).ok());
    if (GetParam() == static_cast<int>(Target::kFixed)) {
      EXPECT_TRUE(r.lift({x.data(), 5}, u, a).ok());
    }
    std::vector<float> first, again, other;
    EXPECT_TRUE(r.force(a, 1, 1, first).ok());
    EXPECT_TRUE(r.force(b, 1, 1, other).ok());  // another text in between
    EXPECT_TRUE(r.force(a, 1, 1, again).ok());
    EXPECT_EQ(first, again);
    const auto spent = d->cost().tokens_backward;
    for (float& e : a.eps) e += 1e-6f;  // the text is the same, so no derivative is computed again
    EXPECT_TRUE(r.force(a, 1, 1, again).ok());
    EXPECT_EQ(d->cost().tokens_backward, spent);
    EXPECT_TRUE(std::any_of(first.begin(), first.end(), [](float f) { return f != 0; }));
    return first;
  };
  EXPECT_EQ(run(1), run(2));
}
INSTANTIATE_TEST_SUITE_P(Targets, NoiseForce, testing::Values(0, 1, 2));

// F = kappa d/d eps of sum_tv softmax((log q_t + g_t) / tau)_v G_tv with the table G held constant,
// compared with differences of that sum where G is computed in other ways: by the weights of a
// mixture over the whole vocabulary, and for end tokens by scoring the shortened replies.
TEST(NoiseForceValue, IsTheDerivativeOfTheLinearEstimate) {
  const double alpha = 3, kappa = 0.7, tau = 1.3;
  const auto d = must(LanguageDensity::make(
      test::load(test::tiny_path("llama-tied"), {.precision = Precision::kF32}),
      {.n_ctx = 0, .kv_bytes = 0, .end_tokens = {2, 7}}));
  const auto V = static_cast<std::size_t>(d->n_vocab());
  const Token prompt[] = {5, 6, 7, 8};
  const PrefixRef root = must(d->add_context(prompt));
  const std::vector<Token> x{9, 10, 11, 2};
  const ReplyLaw law = must(
      ReplyLaw::make({.target = Target::kEnded, .horizon = 5, .allowed = {2, 7, 9, 10, 11, 13, 15}},
                     d->n_vocab(), d->end_tokens()));
  NoiseRelaxation r(*d, root, law, alpha);
  State state;
  ASSERT_TRUE(r.lift(x, uniforms(11), state).ok());

  std::vector<Token> all;
  std::vector<float> weights;
  std::vector<const TokenMask*> masks;
  for (std::size_t t = 0; t < x.size(); ++t) {
    masks.push_back(law.mask(static_cast<int>(t)));
    for (std::size_t v = 0; v < V; ++v) {
      if (t == 0) all.push_back(static_cast<Token>(v));
      weights.push_back(static_cast<Token>(v) == x[t] ? 1.f : 0.f);
    }
  }
  const SoftReply reply{.parent = root,
                        .candidates = all,
                        .weights = weights,
                        .m = static_cast<int>(V),
                        .masks = masks};
  std::vector<ReplyGradient> g;
  ASSERT_TRUE(
      d->value_and_grad({&reply, 1}, {.logprob = 0, .lz = 1, .alpha = alpha}, {.weights = true}, g)
          .ok());
  const Extend e{.parent = root,
                 .tokens = x,
                 .rows = RowSet::kTargets,
                 .needs = {.alpha = alpha, .lz = true, .draw = {.kind = Draw::Kind::kRow}},
                 .masks = masks};
  Rows rows;
  ASSERT_TRUE(d->extend({&e, 1}, rows).ok());
  const auto log_weight = [&](std::size_t n) {  // of the first n rows
    double sum = 0;
    for (std::size_t t = 0; t < n; ++t) sum += rows.rows[t].lz;
    return sum;
  };
  const auto estimate = [&](std::size_t t, const std::vector<double>& eps) {  // of row t
    double sum = 0, value = 0;
    for (std::size_t v = 0; v < V; ++v) {
      const Row& row = rows.rows[t];
      const double log_q = alpha * (row.logits[v] - row.log_normalizer) - row.lz;
      const double s = std::exp((log_q + gumbel_of_normal(eps[v])) / tau);
      const bool ends = d->is_end(static_cast<Token>(v)) && static_cast<Token>(v) != x[t];
      const double gain =
          ends ? log_weight(t + 1) - log_weight(x.size())
               : static_cast<double>(g[0].weights[t * V + v]) - g[0].weights[t * V + x[t]];
      sum += s;
      value += s * gain;
    }
    return value / sum;
  };
  std::vector<float> force;
  ASSERT_TRUE(r.force(state, kappa, tau, force).ok());
  ASSERT_EQ(force.size(), 5 * V);
  double size = 0, worst = 0;
  for (std::size_t t = 0; t < x.size(); ++t) {
    const std::vector<double> eps(state.eps.begin() + static_cast<std::ptrdiff_t>(t * V),
                                  state.eps.begin() + static_cast<std::ptrdiff_t>((t + 1) * V));
    for (std::size_t v = 0; v < V; ++v) {
      auto up = eps, down = eps;
      up[v] += 1e-4;
      down[v] -= 1e-4;
      const double slope = kappa * (estimate(t, up) - estimate(t, down)) / 2e-4;
      size = std::max(size, std::abs(slope));
      worst = std::max(worst, std::abs(slope - force[t * V + v]));
    }
  }
  EXPECT_GT(size, 0.01);
  EXPECT_LT(worst, 1e-4 * size);
  for (std::size_t i = x.size() * V; i < force.size(); ++i)
    EXPECT_EQ(force[i], 0);  // after the end
}

TEST(NoiseRelaxation, ForceNeedsAGradient) {
  World w(Target::kFixed);
  NoiseRelaxation r(w.table, w.table.root(), *w.law, 2);
  std::vector<float> f;
  const Status s = r.force(normals(12, uniforms(4)), 1, 1, f);
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, Code::kUnsupported);
}

TEST(NoiseRelaxation, BadInput) {
  World w(Target::kFixed);
  const NoiseRelaxation r(w.table, w.table.root(), *w.law, 2);
  State s{{1, 2, 3}};
  const State* p = &s;
  std::vector<NoiseRelaxation::Decoded> out;
  EXPECT_FALSE(r.decode({&p, 1}, out).ok());
  EXPECT_FALSE(r.lift({}, uniforms(1), s).ok());
  EXPECT_FALSE(r.lift(std::vector<Token>{1, 2, 3, 1}, uniforms(1), s).ok());
}

}  // namespace
}  // namespace ponder
