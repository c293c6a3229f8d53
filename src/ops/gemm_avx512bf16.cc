// bf16 products by VDPBF16PS. Order over K: pairs, one after the other.
#include <immintrin.h>

#include <cstring>

#include "ops/gemm.h"

namespace ponder::gemm {
namespace {

constexpr int kRows = 12;  // 24 sums, 2 weights, 1 broadcast: 27 of 32 registers

template <int R>
void block(const BF16* a, int lda, const BF16* w, int n_blocks, float* c, int ldc) {
  __m512 sum[R][2];
  for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = _mm512_setzero_ps();
  for (int b = 0; b < n_blocks; ++b, w += 1024) {
    for (int p = 0; p < 16; ++p) {
      const auto w0 = reinterpret_cast<__m512bh>(_mm512_loadu_si512(w + p * 32));
      const auto w1 = reinterpret_cast<__m512bh>(_mm512_loadu_si512(w + 512 + p * 32));
      for (int r = 0; r < R; ++r) {
        std::int32_t pair;
        std::memcpy(&pair, a + static_cast<std::ptrdiff_t>(r) * lda + b * 32 + p * 2, 4);
        const auto x = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
        sum[r][0] = _mm512_dpbf16_ps(sum[r][0], x, w0);
        sum[r][1] = _mm512_dpbf16_ps(sum[r][1], x, w1);
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    _mm512_storeu_ps(c + static_cast<std::ptrdiff_t>(r) * ldc, sum[r][0]);
    _mm512_storeu_ps(c + static_cast<std::ptrdiff_t>(r) * ldc + 16, sum[r][1]);
  }
}

}  // namespace

bool avx512_bf16_available() { return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw"); }

void run_avx512_bf16(const void* a, int lda, int m, const void* panels, int k_padded, int n_panels, float* c, int ldc) {
  const int n_blocks = k_padded / kKBlock;
  for (int p = 0; p < n_panels; ++p) {
    const BF16* w = static_cast<const BF16*>(panels) + static_cast<std::ptrdiff_t>(p) * k_padded * kPanel;
    int i = 0;
    const auto step = [&](auto fn, int rows) {
      fn(static_cast<const BF16*>(a) + static_cast<std::ptrdiff_t>(i) * lda, lda, w, n_blocks,
         c + static_cast<std::ptrdiff_t>(i) * ldc + p * kPanel, ldc);
      i += rows;
    };
    while (m - i >= kRows) step(block<kRows>, kRows);
    while (m - i >= 4) step(block<4>, 4);
    while (i < m) step(block<1>, 1);
  }
}

}  // namespace ponder::gemm
