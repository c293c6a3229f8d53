// Every matrix-product kernel that this CPU can run: it agrees with double precision, and a row has
// the same bits for any number of rows around it.
#include "ops/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "gguf/dequant.h"
#include "kernels.h"
#include "ops/vector.h"

namespace ponder {
namespace {

// A (m, k) and W (n, k) with entries that bf16 holds exactly, packed for a kernel.
struct Problem {
  Problem(Compute c, int m_, int k_, int n_) : compute(c), m(m_), k(k_), n(n_) {
    std::mt19937 rng(7);
    std::normal_distribution<float> normal;
    for (int i = 0; i < m * k; ++i) a.push_back(from_bf16(to_bf16(normal(rng))));
    for (int i = 0; i < n * k; ++i) w.push_back(from_bf16(to_bf16(normal(rng))));
    packed = Buffer<std::byte>(panel_bytes(c, k) * n / kPanel);
    for (int p = 0; p < n / kPanel; ++p)
      pack_panel(c, &w[p * kPanel * k], k, packed.data() + p * panel_bytes(c, k));
  }
  // C of rows [begin, begin + rows); over K in two parts, the first of `first` inputs.
  std::vector<float> run(const GemmKernel& kernel, int begin, int rows, int first = 0) const {
    const int lda = a_stride(k), padded = round_up(rows, kRowBlock);
    Buffer<std::byte> x(padded * lda * compute_bytes(compute));
    std::memset(x.data(), 0, x.size());
    for (int i = 0; i < rows; ++i)
      to_compute(compute, &a[(begin + i) * k], k, x.data() + i * lda * compute_bytes(compute));
    Buffer<float> c(padded * n);
    const int all = round_up(k, kKBlock), last = first > 0 ? first : all;
    for (int p = 0; p < n / kPanel; ++p) {
      const std::byte* panel = packed.data() + p * panel_bytes(compute, k);
      kernel.run(x.data(), lda, rows, panel, last, 1, c.data() + p * kPanel, n, false);
      if (last < all)
        kernel.run(x.data() + last * compute_bytes(compute), lda, rows,
                   panel + panel_bytes(compute, last), all - last, 1, c.data() + p * kPanel, n,
                   true);
    }
    return {c.data(), c.data() + rows * n};
  }
  Compute compute;
  int m, k, n;
  std::vector<float> a, w;
  Buffer<std::byte> packed;
};

TEST(Gemm, AgreesWithDoublePrecision) {
  for (const KernelCase& c : kernels()) {
    for (const int k : {16, 48, 64, 576, 1100}) {
      const Problem p(c.kernel.compute, 37, k, 96);
      const std::vector<float> got = p.run(c.kernel, 0, p.m);
      for (int i = 0; i < p.m; ++i)
        for (int j = 0; j < p.n; ++j) {
          double sum = 0, size = 0;
          for (int t = 0; t < k; ++t) {
            const double term = static_cast<double>(p.a[i * k + t]) * p.w[j * k + t];
            sum += term;
            size += std::abs(term);
          }
          ASSERT_NEAR(got[i * p.n + j], sum, 1e-6 * size)
              << c.name << " k " << k << " row " << i << " column " << j;
        }
    }
  }
}

TEST(Gemm, ARowHasTheSameBitsInAnyBatch) {
  for (const KernelCase& c : kernels()) {
    for (const int k : {64, 576, 1536, 2048}) {
      const Problem p(c.kernel.compute, 130, k, 64);
      const std::vector<float> all = p.run(c.kernel, 0, p.m);
      for (const int rows : {1, 2, 3, 5, 12, 13, 16, 17, 31, 32, 33, 65, 129})
        for (const int begin : {0, 1, p.m - rows}) {
          const std::vector<float> some = p.run(c.kernel, begin, rows);
          ASSERT_EQ(0, std::memcmp(some.data(), &all[begin * p.n], some.size() * 4))
              << c.name << " k " << k << " rows " << rows << " from " << begin;
        }
    }
  }
}

TEST(Gemm, InPartsHasTheBitsOfTheWhole) {
  for (const KernelCase& c : kernels())
    for (const int rows : {1, 3, 7, 16, 48}) {
      const Problem p(c.kernel.compute, 48, 160, 64);
      const std::vector<float> whole = p.run(c.kernel, 0, rows);
      for (const int first : {32, 96, 128})
        ASSERT_EQ(whole, p.run(c.kernel, 0, rows, first))
            << c.name << " rows " << rows << " cut at " << first;
    }
}

TEST(Bf16, RoundsToNearestEven) {
  EXPECT_EQ(to_bf16(1.0f), 0x3f80);
  EXPECT_EQ(to_bf16(1.00390625f), 0x3f80);  // half way, down to even
  EXPECT_EQ(to_bf16(1.01171875f), 0x3f82);  // half way, up to even
  EXPECT_TRUE(std::isnan(from_bf16(to_bf16(std::nanf("")))));
  EXPECT_TRUE(std::isinf(from_bf16(to_bf16(3.4e38f))));
}

TEST(Half, RoundsToNearestEvenAndStopsAtItsLargest) {
  std::vector<float> x{1, -2.5f, 1.00048828125f, 1.00146484375f, 6.103515625e-05f, 1e6f, -1e6f};
  std::vector<float> want{1, -2.5f, 1, 1.001953125f, 6.103515625e-05f, 65504, -65504};
  for (int i = 0; i < 14; ++i)
    x.push_back(0.25f * static_cast<float>(i)), want.push_back(x.back());  // over 16 in all
  std::vector<std::uint16_t> half(x.size());
  std::vector<float> got;
  to_half(x.data(), static_cast<int>(x.size()), half.data());
  for (const std::uint16_t h : half) got.push_back(dequant::half_to_float(h));
  EXPECT_EQ(got, want);
}

}  // namespace
}  // namespace ponder
