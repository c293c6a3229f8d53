// Draws of a run have the right probabilities and depend on their own counter alone.
#include "ponder/chains/choices.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace ponder {
namespace {

// Pearson's statistic against its 5-sigma bound: mean k, variance 2k.
void expect_fits(const std::vector<double>& counts, const std::vector<double>& p) {
  const double n = std::accumulate(counts.begin(), counts.end(), 0.);
  double chi2 = 0;
  int k = -1;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] == 0) {
      EXPECT_EQ(counts[i], 0);
      continue;
    }
    chi2 += (counts[i] - n * p[i]) * (counts[i] - n * p[i]) / (n * p[i]);
    ++k;
  }
  EXPECT_LT(chi2, k + 5 * std::sqrt(2. * k) + 5);
}

TEST(RandomChoices, Probabilities) {
  std::vector<double> index(5), category(4), accepted(2);
  const std::vector<double> weights{std::log(3.) - 900, -INFINITY, std::log(1.) - 900,
                                    std::log(4.) - 900};
  for (std::uint32_t step = 0; step < 20000; ++step) {
    const auto c = random_choices(4, 1, step);
    ++index[c->index(5)];
    ++category[c->categorical(weights)];
    ++accepted[c->accept(std::log(0.3))];
    EXPECT_TRUE(c->accept(0));
    EXPECT_FALSE(c->accept(NAN));
    EXPECT_FALSE(c->accept(-INFINITY));
  }
  expect_fits(index, std::vector<double>(5, 0.2));
  expect_fits(category, {3. / 8, 0, 1. / 8, 4. / 8});
  expect_fits(accepted, {0.7, 0.3});
  const std::vector<double> none{-INFINITY, -INFINITY}, broken{0, NAN};
  EXPECT_EQ(random_choices(0, 0, 0)->categorical(none), -1);
  EXPECT_EQ(random_choices(0, 0, 0)->categorical(broken), -1);
}

TEST(RandomChoices, Normals) {
  std::vector<float> x(200003);
  random_choices(1, 2, 3)->normals(x);
  double m = 0, v = 0, k = 0;
  for (float e : x) m += e, v += e * e, k += std::pow(e, 4);
  const double n = static_cast<double>(x.size());
  EXPECT_NEAR(m / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(v / n, 1, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(k / n, 3, 5 * std::sqrt(96 / n));
  for (std::size_t lag = 1; lag < 5; ++lag) {
    double product = 0;
    for (std::size_t i = lag; i < x.size(); ++i) product += x[i] * x[i - lag];
    EXPECT_NEAR(product / n, 0, 5 / std::sqrt(n));
  }
}

TEST(RandomChoices, AFunctionOfSeedChainStepAndCount) {
  const auto draws = [](std::uint64_t seed, std::uint32_t chain, std::uint32_t step) {
    const auto c = random_choices(seed, chain, step);
    return std::vector<double>{c->uniform(), c->uniform(), c->uniform()};
  };
  const auto base = draws(1, 2, 3);
  EXPECT_EQ(base, draws(1, 2, 3));
  for (const auto& other : {draws(2, 2, 3), draws(1, 3, 3), draws(1, 2, 4)})
    for (double a : base)
      for (double b : other) EXPECT_NE(a, b);
  EXPECT_NE(base[0], base[1]);
}

}  // namespace
}  // namespace ponder
