// Noise by counter: any part of a row is that part of the row, and the row is of the law that it
// should be.
#include "base/counted_noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/gumbel.h"

namespace ponder {
namespace {

TEST(CountedNoise, APartIsAPartOfTheRow) {
  for (const double angle : {0., 0.9}) {
    const CountedNoise noise{.seed = 7, .stream = 4, .angle = angle};
    std::vector<float> row(1003), part(512);
    counted_gumbels(noise, 0, row);
    for (const std::size_t begin : {0, 4, 488}) {
      counted_gumbels(noise, begin, part);
      EXPECT_TRUE(std::equal(part.begin(), part.end(), row.begin() + begin)) << begin;
    }
    std::vector<float> end(3);
    counted_gumbels(noise, 1000, end);
    EXPECT_TRUE(std::equal(end.begin(), end.end(), row.begin() + 1000));
  }
}

TEST(CountedNoise, IsTheGumbelNoiseOfRotatedNormals) {
  const double angle = 0.9;
  std::vector<double> eps(600), p(600);
  counted_normals(7, 4, 0, eps);
  counted_normals(7, 5, 0, p);
  std::vector<float> got(600);
  counted_gumbels({.seed = 7, .stream = 4, .angle = angle}, 0, got);
  for (std::size_t v = 0; v < got.size(); ++v)
    EXPECT_NEAR(got[v], gumbel_of_normal(eps[v] * std::cos(angle) + p[v] * std::sin(angle)), 1e-5);
}

TEST(CountedNoise, HasTheMomentsOfAGumbel) {
  constexpr double kMean = 0.5772156649, kVariance = 1.6449340668;
  std::vector<float> row(100000);
  for (const double angle : {0., 0.9}) {
    counted_gumbels({.seed = 1, .stream = 2, .angle = angle}, 0, row);
    double sum = 0, square = 0;
    for (const float g : row) {
      sum += g;
      square += (g - kMean) * (g - kMean);
    }
    EXPECT_NEAR(sum / static_cast<double>(row.size()), kMean, 0.02);
    EXPECT_NEAR(square / static_cast<double>(row.size()), kVariance, 0.05);
  }
}

}  // namespace
}  // namespace ponder
