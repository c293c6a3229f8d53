// Token space: the contract on a test score and on language models, scores that break it, and the
// law of the lift.
#include <gtest/gtest.h>

#include <array>

#include "base/rng.h"
#include "density/models.h"
#include "ponder/energy/contract.h"
#include "scores.h"
#include "uniforms.h"

namespace ponder {
namespace {

using test::must;
using test::uniforms;

// 5 positions of 4 tokens.
std::vector<Token> lists(int n_vocab) {
  std::vector<Token> c;
  for (int t = 0; t < 5; ++t)
    for (int j = 0; j < 4; ++j) c.push_back((7 * t + 13 * j + 3) % n_vocab);
  return c;
}

TEST(Contract, HoldsForAScoreOfOnesOwn) {
  test::ChainScore score(0.7);
  const Status s = check_contract(score, lists(50), 4);
  EXPECT_TRUE(s.ok()) << s.error().message();
}

TEST(Contract, HoldsForEveryArchitecture) {
  for (const std::string& name : test::kTiny) {
    const auto model = test::load(test::tiny_path(name), {.precision = Precision::kF32});
    const auto d = test::density(model);
    const Token prompt[] = {5, 6, 7, 8};
    const PrefixRef root = must(d->add_context(prompt));
    const ReplyLaw law =
        must(ReplyLaw::make({.target = Target::kFixed, .horizon = 5}, d->n_vocab(), {}));
    const auto score = make_language_score(*d, root, law);
    // A mixture of experts jumps where a row's experts change: its differences are not compared.
    const ContractOptions options{.slope_slack = model->info().n_experts > 0 ? 1e9 : 2e-2};
    const Status s = check_contract(*score, lists(d->n_vocab()), 4, options);
    EXPECT_TRUE(s.ok()) << name << ": " << s.error().message();
  }
}

enum class Fault { kValue, kSlope, kNoise };
class Broken final : public test::ChainScore {
 public:
  explicit Broken(Fault f) : ChainScore(0.7), fault_(f) {}
  Status evaluate(std::span<const SoftPoint> p, std::vector<SoftValue>& out) override {
    PONDER_TRY(ChainScore::evaluate(p, out));
    ++calls_;
    for (SoftValue& v : out) {
      if (fault_ == Fault::kValue) v.value += 0.1;
      if (fault_ == Fault::kSlope)
        for (float& w : v.weights) w *= 1.2f;
      if (fault_ == Fault::kNoise) v.value += 1e-6 * calls_;  // Adam-like: a state of its own
    }
    return {};
  }

 private:
  Fault fault_;
  int calls_ = 0;
};
TEST(Contract, NamesWhatIsBroken) {
  for (const auto& [fault, what] : {std::pair{Fault::kValue, "one-hot"},
                                    {Fault::kSlope, "derivative"},
                                    {Fault::kNoise, "the same bits"}}) {
    Broken score(fault);
    const Status s = check_contract(score, lists(50), 4);
    ASSERT_FALSE(s.ok()) << what;
    EXPECT_NE(s.error().message().find(what), std::string::npos) << s.error().message();
  }
}

TEST(FirstOrder, IsExactOnALinearTarget) {
  const std::vector<Token> x{3, 9, 4, 1, 8}, candidates = lists(20);
  for (const double coupling : {0., 0.5}) {
    test::ChainScore score(coupling);
    const auto gain = must(first_order(score, x, candidates, 4));
    double worst = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      std::vector<std::vector<Token>> pair{x, x};
      pair[1][i / 4] = candidates[i];
      std::vector<double> f;
      ASSERT_TRUE(score.score(pair, f).ok());
      worst = std::max(worst, std::abs(gain[i] - (f[1] - f[0])));
    }
    // one changed token: the multilinear extension is linear in it, too
    EXPECT_LT(worst, 1e-5) << coupling;
  }
}

TEST(TokenRelaxation, DerivativeByZAgreesWithDifferences) {
  test::ChainScore score(0.7);
  const auto r = must(TokenRelaxation::make(score, lists(50), 4, TokenRelaxation::Kind::kSoftmax));
  std::vector<double> z = must(r.lift(std::vector<Token>{3, 10, 17, 24, 31}, uniforms(1)));
  std::vector<TokenRelaxation::Value> v, up, down;
  ASSERT_TRUE(r.evaluate({&z, 1}, 0.8, v).ok());
  for (std::size_t i = 0; i < z.size(); ++i) {
    auto a = z, b = z;
    a[i] += 1e-2;
    b[i] -= 1e-2;
    ASSERT_TRUE(r.evaluate({&a, 1}, 0.8, up).ok() && r.evaluate({&b, 1}, 0.8, down).ok());
    EXPECT_NEAR(v[0].z[i], (up[0].value - down[0].value) / 2e-2, 2e-4);
  }
}

// With straight-through, the value is that of the one-hot tokens, and the derivative that of
// softmax(z / tau) at their slopes.
TEST(TokenRelaxation, StraightThroughTakesTheTokensThatItIsGiven) {
  test::ChainScore score(0.7);
  const auto candidates = lists(50);
  const auto r =
      must(TokenRelaxation::make(score, candidates, 4, TokenRelaxation::Kind::kStraightThrough));
  const std::vector<double> z = must(r.lift(std::vector<Token>{3, 10, 17, 24, 31}, uniforms(1)));
  const std::vector<Token> x{candidates[1], candidates[6], candidates[8], candidates[15],
                             candidates[17]};
  const double tau = 0.8;
  std::vector<TokenRelaxation::Value> at_x, at_argmax;
  ASSERT_TRUE(r.evaluate({&z, 1}, tau, at_x, {&x, 1}).ok());
  ASSERT_TRUE(r.evaluate({&z, 1}, tau, at_argmax).ok());
  std::vector<double> f;
  const std::vector<std::vector<Token>> both{x, r.decode(z)};
  ASSERT_TRUE(score.score(both, f).ok());
  EXPECT_NEAR(at_x[0].value, f[0], 1e-6);
  EXPECT_NEAR(at_argmax[0].value, f[1], 1e-6);
  ASSERT_GT(std::abs(f[0] - f[1]), 0.1);

  // slopes up to what a position's share
  const auto gain = must(first_order(score, x, candidates, 4));
  for (std::size_t t = 0; t < x.size(); ++t) {
    double sum = 0, mean = 0;
    for (int j = 0; j < 4; ++j) sum += std::exp(z[t * 4 + j] / tau);
    for (int j = 0; j < 4; ++j) mean += std::exp(z[t * 4 + j] / tau) / sum * gain[t * 4 + j];
    for (int j = 0; j < 4; ++j)
      EXPECT_NEAR(at_x[0].z[t * 4 + j],
                  std::exp(z[t * 4 + j] / tau) / sum * (gain[t * 4 + j] - mean) / tau, 1e-5);
  }
}

// Lifting draws of the base law gives Gumbel noise that is independent of the draw.
TEST(TokenRelaxation, LiftedDrawsAreGumbel) {
  test::ChainScore score(0);
  const std::array<double, 3> q{0.6, 0.3, 0.1};
  std::vector<double> log_q;
  for (double p : q) log_q.push_back(std::log(p));
  const auto r =
      must(TokenRelaxation::make(score, {4, 5, 6}, 3, TokenRelaxation::Kind::kSoftmax, log_q));
  const Uniforms u = uniforms(3);
  const int n = 40000;
  std::array<double, 3> mean{}, square{};
  double product = 0;
  for (int i = 0; i < n; ++i) {
    const double p = u();
    const Token x = p < q[0] ? 4 : p < q[0] + q[1] ? 5 : 6;
    const auto z = must(r.lift(std::vector<Token>{x}, u));
    ASSERT_EQ(r.decode(z)[0], x);
    std::array<double, 3> g;
    for (int j = 0; j < 3; ++j) {
      g[j] = z[j] - log_q[j];
      mean[j] += g[j] / n;
      square[j] += g[j] * g[j] / n;
    }
    product += g[0] * g[1] / n;
  }
  const double euler = 0.5772156649, variance = M_PI * M_PI / 6;  // of a standard Gumbel
  for (int j = 0; j < 3; ++j) {
    EXPECT_NEAR(mean[j], euler, 5 * std::sqrt(variance / n));
    EXPECT_NEAR(square[j] - mean[j] * mean[j], variance, 0.08);
  }
  EXPECT_NEAR(product - mean[0] * mean[1], 0, 5 * variance / std::sqrt(n));
}

TEST(TokenRelaxation, BadInput) {
  test::ChainScore score(0);
  const auto make = [&](std::vector<Token> c, int m, std::vector<double> q = {}) {
    return TokenRelaxation::make(score, std::move(c), m, TokenRelaxation::Kind::kSoftmax,
                                 std::move(q));
  };
  EXPECT_FALSE(make({1, 2, 3}, 2).ok());
  EXPECT_FALSE(make({1, 1}, 2).ok());
  EXPECT_FALSE(make({1, 2}, 2, {0.5}).ok());
  const auto r = must(make({1, 2, 3, 4}, 2));
  EXPECT_FALSE(r.lift(std::vector<Token>{1}, uniforms(1)).ok());
  EXPECT_FALSE(r.lift(std::vector<Token>{1, 2}, uniforms(1)).ok());  // 2 is not in the second list
  const auto through =
      must(TokenRelaxation::make(score, {1, 2, 3, 4}, 2, TokenRelaxation::Kind::kStraightThrough));
  const std::vector<double> z(4, 0.);
  std::vector<TokenRelaxation::Value> v;
  for (const std::vector<Token>& x : {std::vector<Token>{1}, {1, 2}})
    EXPECT_FALSE(through.evaluate({&z, 1}, 1, v, {&x, 1}).ok());
  const std::vector<std::vector<Token>> two{{1, 3}, {1, 3}};
  EXPECT_FALSE(through.evaluate({&z, 1}, 1, v, two).ok());
  EXPECT_FALSE(first_order(score, std::vector<Token>{1}, std::vector<Token>{1, 2, 3}, 2).ok());
}

}  // namespace
}  // namespace ponder
