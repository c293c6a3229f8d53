// The transforms between uniform, Gumbel and normal, into both tails.
#include "base/gumbel.h"

#include <gtest/gtest.h>

#include "base/gumbel_table.h"
#include "base/rng.h"

namespace ponder {
namespace {

TEST(Gumbel, ToNormalAndBackInBothTails) {
  for (double g = -6; g < 600; g += g < 30 ? 0.37 : 41) {
    const double eps = normal_of_gumbel(g);
    ASSERT_TRUE(std::isfinite(eps)) << g;
    EXPECT_NEAR(gumbel_of_normal(eps), g, 1e-9 * (1 + std::abs(g))) << g;
  }
  for (double eps = -60; eps < 8; eps += 0.31)  // beyond 8, Phi is 1 to the last bit
    EXPECT_NEAR(normal_of_gumbel(gumbel_of_normal(eps)), eps, eps < -37 ? 1e-3 : 1e-7) << eps;
}

TEST(GumbelTable, IsTheTransform) {
  const GumbelTable& table = GumbelTable::get();
  for (double eps = -12; eps < 12; eps += 0.0137)
    EXPECT_NEAR(table.gumbel_of_normal(eps), gumbel_of_normal(eps), 1e-10) << eps;
  for (double g = -6; g < 60; g += 0.0137)
    EXPECT_NEAR(table.normal_of_gumbel(g), normal_of_gumbel(g), 1e-10) << g;
}

TEST(Gumbel, SlopeAgreesWithDifferences) {
  for (double eps = -40; eps < 7; eps += 0.7) {
    const double h = 1e-5,
                 difference = (gumbel_of_normal(eps + h) - gumbel_of_normal(eps - h)) / (2 * h);
    EXPECT_NEAR(gumbel_slope(eps), difference, 1e-4 * (1 + difference)) << eps;
  }
}

TEST(Gumbel, LosersStayBelowTheTop) {
  double worst = -1e9;
  for (int i = 0; i < 20000; ++i) {
    const double u = uniform(1, 0, i, Purpose::kTest),
                 top = gumbel(uniform(1, 1, i, Purpose::kTest));
    const double mu = -30 * uniform(1, 2, i, Purpose::kTest), g = loser_noise(gumbel(u), mu, top);
    ASSERT_TRUE(std::isfinite(g));
    worst = std::max(worst, mu + g - top);
  }
  EXPECT_LE(worst, 1e-12);
  EXPECT_GT(worst, -0.1);
  // Far below the top nothing is cut off.
  EXPECT_DOUBLE_EQ(loser_noise(0.5, -100, 3), 0.5);
}

TEST(Gumbel, NormalHasItsMoments) {
  double mean = 0, square = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double x = normal(uniform(2, 0, i, Purpose::kTest));
    mean += x / n;
    square += x * x / n;
  }
  EXPECT_NEAR(mean, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(square, 1, 5 * std::sqrt(2. / n));
  EXPECT_TRUE(std::isfinite(normal(0)));
}

}  // namespace
}  // namespace ponder
