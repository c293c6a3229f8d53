// Rows of small densities: noise by its name is the noise.
#include "law/small_row.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/counted_noise.h"

namespace ponder {
namespace {

TEST(SmallRow, DrawsWithNoiseByItsName) {
  const std::vector<double> lp{std::log(0.1), std::log(0.2), std::log(0.3), std::log(0.25),
                               std::log(0.15)};
  std::vector<int> drawn(lp.size());
  for (std::uint32_t stream = 0; stream < 200; ++stream) {
    const CountedNoise name{.seed = 9, .stream = stream, .angle = 0.3};
    std::vector<float> noise(lp.size());
    counted_gumbels(name, 0, noise);
    const Row by_name =
        small_row(lp, {.alpha = 2, .draw = {.kind = Draw::Kind::kArgmax, .counted = name}}, -1);
    const Row by_numbers = small_row(
        lp, {.alpha = 2, .draw = {.kind = Draw::Kind::kArgmax, .noise = noise.data()}}, -1);
    ASSERT_EQ(by_name.drawn, by_numbers.drawn);
    ++drawn[by_name.drawn];
  }
  for (const int n : drawn) EXPECT_GT(n, 0);
}

}  // namespace
}  // namespace ponder
