// Row operations compared with their formulas in double precision.
#include "normals.h"
#include "ops/activation.h"
#include "ops/norm.h"
#include "ops/reduce.h"
#include "ops/rope.h"
#include "ops/softmax.h"
#include "ops/vector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace ponder {
namespace {

using test::normals;

double gelu_ref(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

TEST(Rowwise, Norms) {
  const int n = 80;
  const auto x = normals(n, 1, 3), w = normals(n, 2), b = normals(n, 3);
  double mean = 0, square = 0, var = 0;
  for (float v : x) mean += v / n, square += double(v) * v / n;
  for (float v : x) var += (v - mean) * (v - mean) / n;
  std::vector<float> rms(n), layer(n);
  rms_norm(x.data(), w.data(), n, 1e-5f, rms.data());
  layer_norm(x.data(), w.data(), b.data(), n, 1e-5f, layer.data());
  for (int i = 0; i < n; ++i) {
    EXPECT_NEAR(rms[i], x[i] * w[i] / std::sqrt(square + 1e-5), 1e-5);
    EXPECT_NEAR(layer[i], (x[i] - mean) / std::sqrt(var + 1e-5) * w[i] + b[i], 1e-5);
  }
}

TEST(Rowwise, Activations) {
  const int n = 96;
  auto g = normals(n, 1, 4);
  const auto u = normals(n, 2);
  for (int i = 0; i < 8; ++i)
    g[i] = (i % 2 ? -1.f : 1.f) * std::pow(4.f, static_cast<float>(i));  // far into both tails
  std::vector<float> silu(n), gated(n), plain(n), clamped(n);
  silu_mul(g.data(), u.data(), n, silu.data());
  gelu_mul(g.data(), u.data(), n, gated.data());
  gelu(g.data(), n, plain.data());
  clamped_swiglu(g.data(), g.data() + 1, n - 16, clamped.data());
  for (int i = 0; i < n; ++i) {
    EXPECT_NEAR(silu[i], g[i] / (1 + std::exp(-double(g[i]))) * u[i], 1e-5 * (1 + std::abs(g[i])));
    EXPECT_NEAR(gated[i], gelu_ref(g[i]) * u[i], 1e-5 * (1 + std::abs(g[i])));
    EXPECT_NEAR(plain[i], gelu_ref(g[i]), 1e-5 * (1 + std::abs(g[i])));
    if (i >= n - 16) continue;
    const double gate = std::min(double(g[i]), 7.), up = std::clamp(double(g[i + 1]), -7., 7.);
    EXPECT_NEAR(clamped[i], (up + 1) * gate / (1 + std::exp(-1.702 * gate)), 1e-4) << i;
  }
}

TEST(Rowwise, Exponentials) {
  std::vector<float> x, e;
  for (float v = 0; v > -87.3f; v -= 0.00371f) x.push_back(v);
  const std::size_t normal = x.size();
  for (float v : {-87.4f, -104.f, -1e4f, -1e30f, -std::numeric_limits<float>::infinity()})
    x.push_back(v);
  x.push_back(NAN);
  e.resize(x.size());
  softmax_weights(Compute::kF32, x.data(), static_cast<int>(x.size()), 0, e.data());
  for (std::size_t i = 0; i < normal; ++i) {
    const double want = std::exp(static_cast<double>(x[i]));
    EXPECT_NEAR(e[i], want, 1.5 * std::ldexp(1, std::ilogb(want) - 23)) << x[i];
  }
  for (std::size_t i = normal; i + 1 < x.size(); ++i) EXPECT_EQ(e[i], 0) << x[i];
  EXPECT_TRUE(std::isnan(e.back()));
}

TEST(Rowwise, RopeRotatesItsPairs) {
  const float c[2] = {std::cos(0.3f), std::cos(1.1f)}, s[2] = {std::sin(0.3f), std::sin(1.1f)};
  float x[4] = {1, 2, 3, 4}, y[4] = {1, 2, 3, 4};
  rope_interleaved(x, c, s, 4);
  rope_halves(y, c, s, 4);
  EXPECT_NEAR(x[0], c[0] - 2 * s[0], 1e-6);
  EXPECT_NEAR(x[1], s[0] + 2 * c[0], 1e-6);
  EXPECT_NEAR(x[2], 3 * c[1] - 4 * s[1], 1e-6);
  EXPECT_NEAR(y[0], c[0] - 3 * s[0], 1e-6);
  EXPECT_NEAR(y[3], 2 * s[1] + 4 * c[1], 1e-6);
}

TEST(Rowwise, BlockSums) {
  for (const int n : {1, 15, 16, 300, 512}) {
    auto l = normals(n, n, 5);
    if (n > 2) l[n / 2] = -std::numeric_limits<float>::infinity();
    const float alpha = 2.5f;
    const BlockSums got = block_sums(l.data(), n, alpha, true, true);
    double s = 0, sa = 0, dot = 0;
    for (float v : l) {
      if (std::isinf(v)) continue;
      const double d = double(v) - got.max;
      s += std::exp(d), sa += std::exp(alpha * d), dot += std::exp(d) * d;
    }
    EXPECT_NEAR(got.s, s, 2e-6 * s) << n;
    EXPECT_NEAR(got.s_alpha, sa, 2e-6 * sa) << n;
    EXPECT_NEAR(got.s_dot, dot, 2e-6 * s + 2e-6 * std::abs(dot)) << n;
    EXPECT_EQ(got.max, *std::max_element(l.begin(), l.end()));
  }
}

TEST(Activation, ExactGeluIsTheNormalLaws) {
  for (int n : {1, 16, 37}) {
    std::vector<float> x(n), value, slope(n, NAN);
    for (int i = 0; i < n; ++i) x[i] = static_cast<float>(i * 13 % 41) / 4 - 5;
    value = x;
    gelu_exact(value.data(), n, slope.data());
    for (int i = 0; i < n; ++i) {
      const double cdf = 0.5 * std::erfc(-x[i] / std::sqrt(2.)),
                   density = std::exp(-0.5 * x[i] * x[i]) / std::sqrt(2 * M_PI);
      EXPECT_NEAR(value[i], x[i] * cdf, 1e-6);
      EXPECT_NEAR(slope[i], cdf + x[i] * density, 1e-6);
    }
    std::vector<float> alone = x;
    gelu_exact(alone.data(), n, nullptr);
    EXPECT_EQ(alone, value);
  }
}

}  // namespace
}  // namespace ponder
