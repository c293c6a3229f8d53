// Every matrix-product kernel that this CPU can run: right against double precision, and the same bits for a row
// whatever the number of rows around it.
#include "ops/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "base/buffer.h"
#include "ops/vector.h"

namespace ponder {
namespace {

struct Case {
  GemmKernel kernel;
  const char* name;
};

std::vector<Case> kernels() {
  std::vector<Case> all{{gemm::portable(Compute::kF32), "f32"}, {gemm::portable(Compute::kBF16), "bf16 portable"}};
  if (gemm::avx512_bf16_available()) all.push_back({{Compute::kBF16, "", true, gemm::run_avx512_bf16}, "bf16 avx512"});
  if (gemm::amx_available()) all.push_back({{Compute::kBF16, "", true, gemm::run_amx_bf16}, "bf16 amx"});
  return all;
}

// A (m, k) and W (n, k) with entries that bf16 holds exactly, packed for a kernel.
struct Problem {
  Problem(Compute c, int m_, int k_, int n_) : compute(c), m(m_), k(k_), n(n_) {
    std::mt19937 rng(7);
    std::normal_distribution<float> normal;
    for (int i = 0; i < m * k; ++i) a.push_back(from_bf16(to_bf16(normal(rng))));
    for (int i = 0; i < n * k; ++i) w.push_back(from_bf16(to_bf16(normal(rng))));
    packed = Buffer<std::byte>(panel_bytes(c, k) * n / kPanel);
    for (int p = 0; p < n / kPanel; ++p) pack_panel(c, &w[p * kPanel * k], k, packed.data() + p * panel_bytes(c, k));
  }
  // C of rows [begin, begin + rows)
  std::vector<float> run(const GemmKernel& kernel, int begin, int rows) const {
    const int lda = a_stride(k), padded = round_up(rows, kRowBlock);
    Buffer<std::byte> x(padded * lda * compute_bytes(compute));
    std::memset(x.data(), 0, x.size());
    for (int i = 0; i < rows; ++i)
      to_compute(compute, &a[(begin + i) * k], k, x.data() + i * lda * compute_bytes(compute));
    Buffer<float> c(padded * n);
    kernel.run(x.data(), lda, rows, packed.data(), round_up(k, kKBlock), n / kPanel, c.data(), n);
    return {c.data(), c.data() + rows * n};
  }
  Compute compute;
  int m, k, n;
  std::vector<float> a, w;
  Buffer<std::byte> packed;
};

TEST(Gemm, AgreesWithDoublePrecision) {
  for (const Case& c : kernels()) {
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
          ASSERT_NEAR(got[i * p.n + j], sum, 1e-6 * size) << c.name << " k " << k << " row " << i << " column " << j;
        }
    }
  }
}

TEST(Gemm, ARowHasTheSameBitsInAnyBatch) {
  for (const Case& c : kernels()) {
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

TEST(Bf16, RoundsToNearestEven) {
  EXPECT_EQ(to_bf16(1.0f), 0x3f80);
  EXPECT_EQ(to_bf16(1.00390625f), 0x3f80);  // half way, down to even
  EXPECT_EQ(to_bf16(1.01171875f), 0x3f82);  // half way, up to even
  EXPECT_TRUE(std::isnan(from_bf16(to_bf16(std::nanf("")))));
  EXPECT_TRUE(std::isinf(from_bf16(to_bf16(3.4e38f))));
}

}  // namespace
}  // namespace ponder
