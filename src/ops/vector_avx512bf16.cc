// Rounding to bf16 by the AVX-512 instruction for it. Denormals become zero; the products treat
// them as zero anyway.
#include <immintrin.h>

#include "ops/gemm.h"

namespace ponder::gemm {

void to_bf16_avx512(const float* x, int n, BF16* out) {
  int i = 0;
  for (; i + 32 <= n; i += 32)
    _mm512_storeu_si512(out + i, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(
                                     _mm512_loadu_ps(x + i + 16), _mm512_loadu_ps(x + i))));
  for (; i < n; i += 16) {
    const auto rest = static_cast<__mmask16>(n - i >= 16 ? 0xffff : (1 << (n - i)) - 1);
    const __m256bh y = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(rest, x + i));
    _mm256_mask_storeu_epi16(out + i, rest, reinterpret_cast<__m256i>(y));
  }
}

}  // namespace ponder::gemm
