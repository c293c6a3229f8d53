// The estimates of power SMC against enumeration, two-sided. docs/methods.md#smc.
#include "ponder/search/smc.h"

#include "worlds.h"

namespace ponder::test {
namespace {

// Z-hat, and Z-hat times the weight on the most likely reply, are unbiased; log Z-hat is not.
void expect_unbiased(const WorldConfig& c, const SmcConfig& smc, const char* what) {
  const World w(c);
  const auto target = w.target();
  const int top = static_cast<int>(std::max_element(target.begin(), target.end()) - target.begin());
  const double log_z = -w.energy.energy(w.state(w.replies[top].tokens)) - std::log(target[top]);
  const int n = 6000;
  double sum[2] = {}, squares[2] = {};
  for (std::uint32_t k = 0; k < n; ++k) {
    const auto choices = random_choices(11, 0, k);
    const auto r = power_smc(w.energy, 0, smc, {}, *choices);
    double value[2] = {};
    if (r.ok()) {  // no particle that is a reply: Z-hat = 0
      value[0] = std::exp(r->log_z - log_z);
      for (std::size_t i = 0; i < r->replies.size(); ++i)
        if (r->replies[i].tokens == w.replies[top].tokens)
          value[1] += value[0] * std::exp(r->log_weights[i]);
    } else {
      ASSERT_EQ(r.error().code, Code::kNumeric) << r.error().message();
    }
    for (int i = 0; i < 2; ++i) sum[i] += value[i], squares[i] += value[i] * value[i];
  }
  const double want[2] = {1, target[top]};
  for (int i = 0; i < 2; ++i) {
    const double mean = sum[i] / n, error = std::sqrt((squares[i] / n - mean * mean) / n);
    EXPECT_LT(error, 0.02) << what;
    EXPECT_LT(std::abs(mean - want[i]), 4 * error) << what;
    std::printf("%-24s %s %.4f against %.4f, z = %+.1f\n", what, i == 0 ? "Z-hat / Z" : "pi-hat   ",
                mean, want[i], (mean - want[i]) / error);
  }
}

TEST(PowerSmc, EstimatesAreUnbiased) {
  WorldConfig c;
  c.table = {.n_vocab = 4, .end_tokens = {0}, .seed = 3, .peak = 1};
  c.law = {.target = Target::kEnded, .horizon = 4};
  c.replicas = {{3}};
  expect_unbiased(c, {.particles = 6, .ess = 1}, "ended");
  expect_unbiased(c, {.particles = 6, .ess = 0.7, .ramp = 3}, "ended, ramp");
  expect_unbiased(c, {.particles = 6, .ess = 1, .ramp = 9}, "ended, unfinished ramp");
  c.law.target = Target::kTruncated;
  c.term = c.forbids = true;
  c.replicas = {{2, {0.5}}};
  expect_unbiased(c, {.particles = 6, .ess = 0.7}, "truncated, term");
  c.law.target = Target::kFixed;
  expect_unbiased(c, {.particles = 6, .ess = 1, .ramp = 2}, "fixed, term, ramp");
}

TEST(PowerSmc, ErrorsAndWeights) {
  WorldConfig c;
  c.law = {.target = Target::kEnded, .horizon = 4};
  const World w(c);
  const auto choices = random_choices(1, 0, 0);
  EXPECT_FALSE(power_smc(w.energy, 0, {.particles = 0}, {}, *choices).ok());
  EXPECT_FALSE(power_smc(w.energy, 0, {.ess = 1.5}, {}, *choices).ok());
  const std::atomic<bool> stop = true;
  const auto none = power_smc(w.energy, 0, {.particles = 4}, {.stop = &stop}, *choices);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, Code::kResource);
  const auto some = power_smc(w.energy, 0, {.particles = 500}, {.tokens = 1}, *choices);
  ASSERT_TRUE(some.ok()) << some.error().message();
  EXPECT_FALSE(some->completed);
  for (std::size_t k = 0; k < some->replies.size(); ++k)
    EXPECT_EQ(std::isfinite(some->log_weights[k]), some->replies[k].ended) << k;
  EXPECT_FALSE(power_smc(w.energy, 0, {.ramp = -1}, {}, *choices).ok());
  const auto r = power_smc(w.energy, 0, {.particles = 50, .ess = 1}, {}, *choices);
  ASSERT_TRUE(r.ok());
  double sum = 0, squares = 0;
  for (double l : r->log_weights) sum += std::exp(l), squares += std::exp(2 * l);
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_NEAR(r->ess, 1 / squares, 1e-9);
  for (std::size_t k = 0; k < r->replies.size(); ++k) {
    if (r->replies[k].ended) {
      EXPECT_EQ(r->replies[k].logprob, w.state(r->replies[k].tokens).logprob);
    } else {
      EXPECT_EQ(r->log_weights[k], -INFINITY);
    }
  }
}

}  // namespace
}  // namespace ponder::test
