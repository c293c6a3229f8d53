// Noise space: decoding normals draws from the law, lifting a draw gives normals back, and the force is a function of
// position alone.
#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"
#include "density/enumerate.h"
#include "density/table.h"
#include "energy/gumbel.h"
#include "models.h"
#include "ponder/relaxation.h"

namespace ponder {
namespace {

using test::must;
using State = NoiseRelaxation::State;

Uniforms uniforms(std::uint64_t seed) {
  return [seed, i = std::uint64_t{0}]() mutable { return uniform(seed, 0, i++, Purpose::kTest); };
}
State normals(std::size_t n, const Uniforms& u) {
  State s;
  for (std::size_t i = 0; i < n; ++i) s.eps.push_back(static_cast<float>(normal(u())));
  return s;
}

struct World {
  explicit World(Target target, int min_length = 0) : table({.n_vocab = 4, .end_tokens = {0}, .seed = 5, .peak = 1.5}) {
    law = must(ReplyLaw::make({.target = target, .horizon = 3, .min_length = min_length}, 4, table.end_tokens()));
  }
  TableDensity table;
  std::optional<ReplyLaw> law;
};

// Frequencies of decoded replies against q = prod softmax(alpha lp), by enumeration; a chi-squared of 60 sigma-free
// cells.
TEST(NoiseRelaxation, DecodedNormalsAreDrawsOfTheLaw) {
  World w(Target::kTruncated, 2);
  const double alpha = 2;
  const NoiseRelaxation r(w.table, 0, *w.law, alpha);
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
    const double q = std::exp(alpha * d.logprob - d.log_weight), expected = n * q;  // f alpha - log q = log w
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
  const NoiseRelaxation r(w.table, 0, *w.law, 1);
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
  const NoiseRelaxation r(w.table, 0, *w.law, 1.5);
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
    const auto d = must(LanguageDensity::make(model, {.n_ctx = 0, .kv_bytes = 0, .end_tokens = {2}}));
    const Token prompt[] = {5, 6, 7, 8};
    const Prefix root = d->context(must(d->add_context(prompt)));
    const ReplyLaw law =
        must(ReplyLaw::make({.target = static_cast<Target>(GetParam()), .horizon = 6}, d->n_vocab(), d->end_tokens()));
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
    for (float& e : a.eps) e += 1e-6f;  // the same text: no derivative is taken again
    EXPECT_TRUE(r.force(a, 1, 1, again).ok());
    EXPECT_EQ(d->cost().tokens_backward, spent);
    EXPECT_TRUE(std::any_of(first.begin(), first.end(), [](float f) { return f != 0; }));
    return first;
  };
  EXPECT_EQ(run(1), run(2));
}
INSTANTIATE_TEST_SUITE_P(Targets, NoiseForce, testing::Values(0, 1, 2));

// The force is kappa d/d eps of sum_v softmax((log q + g) / tau)_v G_v with the table G held: differences of that sum,
// with G read off the exact changes of log w to first order (first_order is checked elsewhere).
TEST(NoiseRelaxation, ForceNeedsAGradient) {
  World w(Target::kFixed);
  NoiseRelaxation r(w.table, 0, *w.law, 2);
  std::vector<float> f;
  const Status s = r.force(normals(12, uniforms(4)), 1, 1, f);
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().code, Code::kUnsupported);
}

TEST(NoiseRelaxation, BadInput) {
  World w(Target::kFixed);
  const NoiseRelaxation r(w.table, 0, *w.law, 2);
  State s{{1, 2, 3}};
  const State* p = &s;
  std::vector<NoiseRelaxation::Decoded> out;
  EXPECT_FALSE(r.decode({&p, 1}, out).ok());
  EXPECT_FALSE(r.lift({}, uniforms(1), s).ok());
  EXPECT_FALSE(r.lift(std::vector<Token>{1, 2, 3, 1}, uniforms(1), s).ok());
}

}  // namespace
}  // namespace ponder
