// Derivatives of single operations: the scalar reference by the complex step is compared with its
// own finite differences (1e-6), then the engine's vjp with the reference (1e-4 relative; products
// in bf16 1e-2).
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "kernels.h"
#include "model/reference_ops.h"
#include "normals.h"
#include "ops/activation.h"
#include "ops/attention_vjp.h"
#include "ops/linear.h"
#include "ops/norm.h"
#include "ops/reduce.h"
#include "ops/rope.h"
#include "ops/vector.h"

namespace ponder {
namespace {

using Complex = std::complex<double>;
using Doubles = std::vector<double>;
using Floats = std::vector<float>;
using test::normals;

Doubles doubles(const Floats& x) { return {x.begin(), x.end()}; }

/// (d f / d x)^T g of a function that takes vectors of any number type, by the complex step;
/// checked against central differences of the same function in double precision.
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

void expect_close(const Floats& got, const Doubles& want, double slack = 1e-4) {
  ASSERT_EQ(got.size(), want.size());
  double norm = 0, diff = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    norm += want[i] * want[i];
    diff += (got[i] - want[i]) * (got[i] - want[i]);
  }
  EXPECT_GT(norm, 0);
  EXPECT_LT(std::sqrt(diff), slack * std::sqrt(norm));
}

TEST(Vjp, Norms) {
  const int n = 80;
  const Floats x = normals(n, 1, 3), w = normals(n, 2), b = normals(n, 3), g = normals(n, 4);
  Floats rms(n), layer(n, 1.f);
  rms_norm_vjp(x.data(), w.data(), n, 1e-5f, g.data(), rms.data());
  expect_close(
      rms,
      reference_vjp([&](const auto& v) { return reference::rms_norm(v, doubles(w), 1e-5); }, x, g));
  layer_norm_vjp(x.data(), w.data(), n, 1e-5f, g.data(), layer.data());
  for (float& v : layer) v -= 1;  // the vjp adds to the present values
  expect_close(layer, reference_vjp(
                          [&](const auto& v) {
                            return reference::layer_norm(v, doubles(w), doubles(b), 1e-5);
                          },
                          x, g));
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
  const auto clamped = [&](const auto& v) {
    auto y = v;
    y.resize(n);
    for (int i = 0; i < n; ++i) y[i] = reference::clamped_swiglu(v[i], v[i + n]);
    return y;
  };
  for (float& x : both) x *= 3;  // some beyond the clamps
  clamped_swiglu_vjp(both.data(), both.data() + n, n, g.data(), got.data(), got.data() + n);
  expect_close(got, reference_vjp(clamped, both, g));
  EXPECT_GT(std::count(got.begin(), got.begin() + n, 0.f), 5);
  EXPECT_GT(std::count(got.begin() + n, got.end(), 0.f), 1);
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

// A row of logits l of J = a sum_j s_j lp(v_j) + b logsumexp(alpha lp), some ids masked, through a
// soft cap.
TEST(Vjp, SoftmaxRow) {
  const int n = 37;
  const double a = 1.5, b = -0.7, alpha = 3, cap = 5;
  const Doubles s{0.2, 0.5, 0.3};
  const int ids[] = {1, 20, 36};
  const Floats x = normals(n, 1, 4);
  const auto masked = [](int v) { return v % 5 == 2; };
  const auto value = [&](const auto& v) {
    auto kept = v, scaled = v, lp = v;
    kept.clear();
    scaled.clear();
    for (int i = 0; i < n; ++i) {
      lp[i] = reference::soft_cap(v[i], cap);
      if (!masked(i)) kept.push_back(lp[i]);
    }
    const auto lse = reference::log_sum_exp(kept);
    auto sum = lse * 0.;
    for (const auto& l : kept) scaled.push_back(alpha * (l - lse));
    for (int j = 0; j < 3; ++j) sum += a * s[j] * (lp[ids[j]] - lse);
    return std::vector{sum + b * reference::log_sum_exp(scaled)};
  };
  Floats l = x, got(n);
  soft_cap(l.data(), n, static_cast<float>(cap));
  for (int i = 0; i < n; ++i)
    if (masked(i)) l[i] = -INFINITY;
  const BlockSums sums = block_sums(l.data(), n, static_cast<float>(alpha), true, false);
  const double lse = sums.max + std::log(sums.s),
               lse_alpha = alpha * sums.max + std::log(sums.s_alpha);
  softmax_sum(l.data(), n, static_cast<float>(-(a + b * alpha)), static_cast<float>(lse),
              static_cast<float>(b * alpha), static_cast<float>(alpha),
              static_cast<float>(lse_alpha), got.data());
  for (int j = 0; j < 3; ++j) got[ids[j]] += static_cast<float>(a * s[j]);
  soft_cap_vjp(l.data(), n, static_cast<float>(cap), got.data());
  expect_close(got, reference_vjp(value, x, {1.f}));
}

// Frozen weights: the product with the transposed matrix, of two matrices stacked as gate and up
// are.
TEST(Vjp, Linear) {
  const int n_in = 80, n_out[] = {48, 70}, rows = 3;
  std::vector<Floats> w{normals(n_out[0] * n_in, 1), normals(n_out[1] * n_in, 2)};
  const Floats x = normals(n_in, 3);
  for (const Compute compute : {Compute::kF32, Compute::kBF16}) {
    std::vector<GgufTensor> tensors(2);
    std::vector<Linear> parts;
    Pages pages;
    for (int i = 0; i < 2; ++i) {
      tensors[i] = {.name = "w",
                    .type = TensorType::kF32,
                    .shape = {n_in, n_out[i]},
                    .data = reinterpret_cast<const std::byte*>(w[i].data()),
                    .n_values = n_in * n_out[i]};
      parts.emplace_back(std::vector<const GgufTensor*>{&tensors[i]}, gemm_kernel(compute),
                         WeightForm::kPacked, pages, 1);
    }
    const Linear::Outputs both[] = {{&parts[0], 0, n_out[0]}, {&parts[1], 0, n_out[1]}};
    const Linear t = Linear::transposed(both, pages, 2);
    EXPECT_EQ(t.n_out(), n_in);
    const std::size_t stride = a_stride(t.n_in()) * compute_bytes(compute);
    Buffer<std::byte> operand(stride * kRowBlock);
    Buffer<float> dx(static_cast<std::size_t>(kRowBlock) * t.n_padded());
    std::vector<Floats> g;
    for (int r = 0; r < rows; ++r) {
      Floats padded(t.n_in());
      const Floats& g0 = g.emplace_back(normals(n_out[0] + n_out[1], 4 + r));
      std::copy_n(g0.begin(), n_out[0], padded.begin());
      std::copy_n(g0.begin() + n_out[0], n_out[1], padded.begin() + round_up(n_out[0], kKBlock));
      to_compute(compute, padded.data(), t.n_in(), operand.data() + r * stride);
    }
    t.forward(operand.data(), a_stride(t.n_in()), rows, dx.data(), t.n_padded(), 2);
    const auto product = [&](const auto& v) {
      auto y = v;
      y.assign(n_out[0] + n_out[1], v[0] * 0.);
      for (int o = 0; o < n_out[0] + n_out[1]; ++o)
        for (int i = 0; i < n_in; ++i)
          y[o] += v[i] * static_cast<double>(o < n_out[0] ? w[0][o * n_in + i]
                                                          : w[1][(o - n_out[0]) * n_in + i]);
      return y;
    };
    for (int r = 0; r < rows; ++r)
      expect_close({dx.data() + r * t.n_padded(), dx.data() + r * t.n_padded() + n_in},
                   reference_vjp(product, x, g[r]), compute == Compute::kF32 ? 1e-4 : 1e-2);
  }
}

// With all bits set, every number type here is a NaN.
template <class T>
void fill_with_nan(Buffer<T>& b) {
  b.grow(1 << 18);
  std::memset(b.data(), 0xff, b.size() * sizeof(T));
}

// A reply of 5 positions after a prefix of 21, in slots that lie anywhere: queries, and the reply's
// own keys and values, are the variables. The reference attends with plain arrays. Groups of 20
// queries go by blocks of two rows.
class AttentionVjp : public testing::TestWithParam<std::tuple<int, float, int, bool>> {
 protected:
  void agrees(const GemmKernel& kernel, double slack) const;
};
TEST_P(AttentionVjp, AgreesWithTheReference) { agrees(gemm_kernel(Compute::kF32), 1e-4); }
TEST_P(AttentionVjp, AgreesWithTheReferenceInBf16) { agrees(gemm_kernel(Compute::kBF16), 1e-2); }

void AttentionVjp::agrees(const GemmKernel& kernel, double slack) const {
  const auto [group, cap, window, has_sinks] = GetParam();
  constexpr int kPrefix = 21, kOwn = 5, kTreeSlots = 96;
  const int head = group == 3 ? 32 : 16, q_size = group * head, per_row = q_size + 2 * head;
  const Floats sinks = normals(group, 5, 2);
  const AttentionShape shape{group, head, 0.4f, cap, has_sinks ? sinks.data() : nullptr};
  const std::vector<KvRun> prefix{{3, 9}, {40, 12}};
  const int own_slot = 70;
  const Floats fixed_k = normals(kPrefix * head, 1), fixed_v = normals(kPrefix * head, 2);
  // x: q, k, v of each row
  const Floats x = normals(kOwn * per_row, 3), g = normals(kOwn * q_size, 4);
  const auto first = [window = window](int p) {
    return window > 0 && p >= window ? p + 1 - window : 0;
  };

  const auto reference_of = [&](const auto& v) {
    using T = typename std::decay_t<decltype(v)>::value_type;
    std::vector<std::vector<T>> keys, values;
    std::vector<T> out;
    for (int j = 0; j < kPrefix; ++j) {
      keys.emplace_back(fixed_k.begin() + j * head, fixed_k.begin() + (j + 1) * head);
      values.emplace_back(fixed_v.begin() + j * head, fixed_v.begin() + (j + 1) * head);
    }
    for (int r = 0; r < kOwn; ++r) {
      const auto* row = v.data() + r * per_row;
      keys.emplace_back(row + q_size, row + q_size + head);
      values.emplace_back(row + q_size + head, row + per_row);
      for (int q = 0; q < group; ++q) {
        const std::vector<T> query(row + q * head, row + (q + 1) * head);
        const double sink = sinks[q];
        const auto o =
            reference::attend(query, keys, values, first(kPrefix + r),
                              static_cast<double>(shape.scale), cap, shape.sinks ? &sink : nullptr);
        out.insert(out.end(), o.begin(), o.end());
      }
    }
    return out;
  };

  HeadSlots slots(kernel.compute, kTreeSlots, head);
  const std::size_t size = compute_bytes(kernel.compute);
  Buffer<std::byte> operand(kOwn * q_size * size);
  Floats out(kOwn * q_size), lse(kOwn * group), dx(x.size());
  int p = 0;
  for (const KvRun& run : prefix)
    for (int i = 0; i < run.n; ++i, ++p)
      slots.put(run.slot + i, &fixed_k[p * head], &fixed_v[p * head]);
  std::vector<std::vector<KvRun>> paths;
  for (int r = 0; r < kOwn; ++r) {
    slots.put(own_slot + r, &x[r * per_row + q_size], &x[r * per_row + q_size + head]);
    paths.push_back(prefix);
    paths.back().push_back({own_slot, r + 1});
  }
  std::vector<AttentionRow> rows;
  std::vector<AttentionVjpRow> vjp_rows;
  for (int r = 0; r < kOwn; ++r) {
    rows.push_back({&x[r * per_row], operand.data() + r * q_size * size, &lse[r * group], paths[r],
                    first(kPrefix + r)});
    float* to = &dx[r * per_row];
    vjp_rows.push_back({&x[r * per_row], &lse[r * group], &g[r * q_size], to, to + q_size,
                        to + q_size + head, paths[r], first(kPrefix + r)});
  }
  AttentionRoom room;
  attend(kernel, shape, slots.head(), rows, room);
  expand(kernel.compute, operand.data(), kOwn * q_size, out.data());
  expect_close(out, reference_of(doubles(x)), slack);
  AttentionVjpRoom vjp_room;  // values that an earlier call has left must not matter
  for (Buffer<std::byte>* b : {&vjp_room.keys, &vjp_room.values, &vjp_room.keys_in, &vjp_room.dout,
                               &vjp_room.turned, &vjp_room.panels})
    fill_with_nan(*b);
  for (Buffer<float>* b :
       {&vjp_room.q, &vjp_room.p, &vjp_room.ds, &vjp_room.dq, &vjp_room.dk, &vjp_room.dv})
    fill_with_nan(*b);
  attend_vjp(kernel, shape, slots.head(), vjp_rows, vjp_room);
  expect_close(dx, reference_vjp(reference_of, x, g), slack);
}
INSTANTIATE_TEST_SUITE_P(CapsAndWindows, AttentionVjp,
                         testing::Combine(testing::Values(3), testing::Values(0.f, 3.f),
                                          testing::Values(0, 4, 24), testing::Bool()));
INSTANTIATE_TEST_SUITE_P(Blocks, AttentionVjp,
                         testing::Values(std::tuple(20, 0.f, 4, true),
                                         std::tuple(20, 3.f, 0, false),
                                         std::tuple(20, 0.f, 0, false)));

}  // namespace
}  // namespace ponder
