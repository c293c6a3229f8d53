// Derivatives of single operations: the scalar reference by the complex step against its own finite differences (1e-6),
// then the engine's vjp against the reference (1e-4 relative).
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "base/buffer.h"
#include "ops/activation.h"
#include "ops/attention_vjp.h"
#include "ops/norm.h"
#include "ops/reduce.h"
#include "ops/reference.h"
#include "ops/rope.h"

namespace ponder {
namespace {

using Complex = std::complex<double>;
using Doubles = std::vector<double>;
using Floats = std::vector<float>;

Floats normals(int n, int seed, float scale = 1) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> d(0, scale);
  Floats v(n);
  for (float& x : v) x = d(rng);
  return v;
}
Doubles doubles(const Floats& x) { return {x.begin(), x.end()}; }

/// (d f / d x)^T g of a function that takes vectors of any number type, by the complex step; checked against central
/// differences of the same function in double precision.
template <class F>
Doubles reference_vjp(const F& f, const Floats& x, const Floats& g) {
  const auto along = [&](const auto& y) {
    auto sum = y[0] * 0.;
    for (std::size_t i = 0; i < g.size(); ++i) sum += y[i] * static_cast<double>(g[i]);
    return sum;
  };
  Doubles out;
  double largest = 0, worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::vector<Complex> z(x.begin(), x.end());
    z[i] += Complex(0, 1e-30);
    out.push_back(along(f(z)).imag() / 1e-30);
    Doubles up = doubles(x), down = up;
    const double h = 1e-5;
    up[i] += h;
    down[i] -= h;
    worst = std::max(worst, std::abs((along(f(up)) - along(f(down))) / (2 * h) - out.back()));
    largest = std::max(largest, std::abs(out.back()));
  }
  EXPECT_LT(worst, 1e-6 * std::max(1., largest));
  return out;
}

void expect_close(const Floats& got, const Doubles& want) {
  ASSERT_EQ(got.size(), want.size());
  double norm = 0, diff = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    norm += want[i] * want[i];
    diff += (got[i] - want[i]) * (got[i] - want[i]);
  }
  EXPECT_GT(norm, 0);
  EXPECT_LT(std::sqrt(diff), 1e-4 * std::sqrt(norm));
}

TEST(Vjp, Norms) {
  const int n = 80;
  const Floats x = normals(n, 1, 3), w = normals(n, 2), b = normals(n, 3), g = normals(n, 4);
  Floats rms(n), layer(n, 1.f);
  rms_norm_vjp(x.data(), w.data(), n, 1e-5f, g.data(), rms.data());
  expect_close(rms, reference_vjp([&](const auto& v) { return reference::rms_norm(v, doubles(w), 1e-5); }, x, g));
  layer_norm_vjp(x.data(), w.data(), n, 1e-5f, g.data(), layer.data());
  for (float& v : layer) v -= 1;  // it adds to what is there
  expect_close(layer, reference_vjp(
                          [&](const auto& v) { return reference::layer_norm(v, doubles(w), doubles(b), 1e-5); }, x, g));
}

TEST(Vjp, Activations) {
  const int n = 96;
  const Floats gate = normals(n, 1, 3), up = normals(n, 2), g = normals(n, 4);
  const auto gated = [&](auto activation) {
    return [&, activation](const auto& v) {  // v: gate, then up
      auto y = v;
      y.resize(n);
      for (int i = 0; i < n; ++i) y[i] = activation(v[i]) * v[i + n];
      return y;
    };
  };
  Floats both = gate;
  both.insert(both.end(), up.begin(), up.end());
  Floats got(2 * n);
  silu_mul_vjp(gate.data(), up.data(), n, g.data(), got.data(), got.data() + n);
  expect_close(got, reference_vjp(gated([](auto v) { return reference::silu(v); }), both, g));
  gelu_mul_vjp(gate.data(), up.data(), n, g.data(), got.data(), got.data() + n);
  expect_close(got, reference_vjp(gated([](auto v) { return reference::gelu(v); }), both, g));
  Floats plain(n);
  gelu_vjp(gate.data(), n, g.data(), plain.data());
  const auto gelu_of = [](auto v) {
    for (auto& x : v) x = reference::gelu(x);
    return v;
  };
  expect_close(plain, reference_vjp(gelu_of, gate, g));
}

TEST(Vjp, SoftCap) {
  const Floats x = normals(50, 1, 20), g = normals(50, 2);
  Floats y = x, got = g;
  soft_cap(y.data(), 50, 15);
  soft_cap_vjp(y.data(), 50, 15, got.data());
  const auto capped = [](auto v) {
    for (auto& e : v) e = reference::soft_cap(e, 15);
    return v;
  };
  expect_close(got, reference_vjp(capped, x, g));
}

TEST(Vjp, RopeIsItsOwnWithNegatedSines) {
  const int n = 32;
  const Floats x = normals(n, 1), g = normals(n, 2);
  Floats inverse, c, s;
  for (int i = 0; i < n / 2; ++i) {
    inverse.push_back(std::pow(100.f, -2.f * static_cast<float>(i) / n));
    c.push_back(std::cos(7 * inverse[i]) * 1.3f);
    s.push_back(-std::sin(7 * inverse[i]) * 1.3f);
  }
  for (const bool halves : {false, true}) {
    Floats got = g;
    (halves ? rope_halves : rope_interleaved)(got.data(), c.data(), s.data(), n);
    const auto turned = [&](auto v) {
      reference::rope(v.data(), n, halves, 7, inverse, 1.3f);
      return v;
    };
    expect_close(got, reference_vjp(turned, x, g));
  }
}

TEST(Vjp, SoftmaxSum) {
  const int n = 37;
  const Floats x = normals(n, 1, 2);
  Floats got(n);
  softmax_sum(x.data(), n, -1.5f, 0.4f, 2.f, 3.f, 1.1f, got.data());
  for (int i = 0; i < n; ++i)
    EXPECT_NEAR(got[i], -1.5 * std::exp(x[i] - 0.4) + 2 * std::exp(3 * x[i] - 1.1),
                1e-5 * std::exp(3 * std::abs(x[i])));
}

// A reply of 5 positions after a prefix of 21, in slots that lie anywhere: queries, and the reply's own keys and
// values, are the variables. The reference attends with plain arrays.
class AttentionVjp : public testing::TestWithParam<std::tuple<float, int>> {};
TEST_P(AttentionVjp, AgreesWithTheReference) {
  const auto [cap, window] = GetParam();
  constexpr int kGroup = 3, kHead = 32, kPrefix = 21, kOwn = 5, kSlots = 96;
  constexpr int kQ = kGroup * kHead, kPerRow = kQ + 2 * kHead;
  const AttentionShape shape{kGroup, kHead, 0.4f, cap};
  const std::vector<KvRun> prefix{{3, 9}, {40, 12}};
  const int own_slot = 70;
  const Floats fixed_k = normals(kPrefix * kHead, 1), fixed_v = normals(kPrefix * kHead, 2);
  const Floats x = normals(kOwn * kPerRow, 3), g = normals(kOwn * kQ, 4);  // x: q, k, v of each row
  const auto first = [window = window](int p) { return window > 0 && p >= window ? p + 1 - window : 0; };

  const auto reference_of = [&](const auto& v) {
    using T = typename std::decay_t<decltype(v)>::value_type;
    std::vector<std::vector<T>> keys, values;
    std::vector<T> out;
    for (int j = 0; j < kPrefix; ++j) {
      keys.emplace_back(fixed_k.begin() + j * kHead, fixed_k.begin() + (j + 1) * kHead);
      values.emplace_back(fixed_v.begin() + j * kHead, fixed_v.begin() + (j + 1) * kHead);
    }
    for (int r = 0; r < kOwn; ++r) {
      const auto* row = v.data() + r * kPerRow;
      keys.emplace_back(row + kQ, row + kQ + kHead);
      values.emplace_back(row + kQ + kHead, row + kPerRow);
      for (int q = 0; q < kGroup; ++q) {
        const std::vector<T> query(row + q * kHead, row + (q + 1) * kHead);
        const auto o =
            reference::attend(query, keys, values, first(kPrefix + r), static_cast<double>(shape.scale), cap);
        out.insert(out.end(), o.begin(), o.end());
      }
    }
    return out;
  };

  Buffer<float> keys(kSlots * kHead);
  Floats values(kSlots * kHead), out(kOwn * kQ), lse(kOwn * kGroup), dx(x.size());
  const auto put = [&](const float* k, const float* v, int slot) {
    store_key(k, kHead, slot, keys.data());
    std::copy_n(v, kHead, &values[slot * kHead]);
  };
  int p = 0;
  for (const KvRun& run : prefix)
    for (int i = 0; i < run.n; ++i, ++p) put(&fixed_k[p * kHead], &fixed_v[p * kHead], run.slot + i);
  std::vector<std::vector<KvRun>> paths;
  for (int r = 0; r < kOwn; ++r) {
    put(&x[r * kPerRow + kQ], &x[r * kPerRow + kQ + kHead], own_slot + r);
    paths.push_back(prefix);
    paths.back().push_back({own_slot, r + 1});
  }
  std::vector<AttentionRow> rows;
  std::vector<AttentionVjpRow> vjp_rows;
  for (int r = 0; r < kOwn; ++r) {
    rows.push_back({&x[r * kPerRow], &out[r * kQ], &lse[r * kGroup], paths[r], first(kPrefix + r)});
    float* to = &dx[r * kPerRow];
    vjp_rows.push_back(
        {&x[r * kPerRow], &lse[r * kGroup], &g[r * kQ], to, to + kQ, to + kQ + kHead, paths[r], first(kPrefix + r)});
  }
  Buffer<float> scratch(attention_vjp_scratch(shape, kOwn, kPrefix + kOwn) +
                        attention_scratch(shape, kOwn, kPrefix + kOwn));
  attend(shape, {keys.data(), values.data()}, rows, scratch.data());
  expect_close(out, reference_of(doubles(x)));
  attend_vjp(shape, {keys.data(), values.data()}, vjp_rows, scratch.data());
  expect_close(dx, reference_vjp(reference_of, x, g));
}
INSTANTIATE_TEST_SUITE_P(CapsAndWindows, AttentionVjp,
                         testing::Combine(testing::Values(0.f, 3.f), testing::Values(0, 4, 24)));

}  // namespace
}  // namespace ponder
