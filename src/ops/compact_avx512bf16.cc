// Products of a few rows over compact weights by VDPBF16PS: levels become float32 by scale and offset, are rounded to
// bf16 and multiplied, pair after pair as in gemm_avx512bf16.cc.
#ifndef __clang__  // GCC 12 warns of its own header (bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <array>
#include <cstring>

#include "ops/compact.h"

namespace ponder::gemm {
namespace {

constexpr int kPairs = kKBlock / 2;

// Of half a panel: lanes are pairs of inputs of outputs 0-7 (low) and 8-15 (high).
struct Scales {
  __m512 low, low_offset, high, high_offset;
};
__m512 twice(__m512 x, int half) {
  const __m512i lanes =
      _mm512_add_epi32(_mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0), _mm512_set1_epi32(half * 8));
  return _mm512_permutexvar_ps(lanes, x);
}
Scales load_scales(const std::byte* block, int n_groups, int group) {
  const auto* p = reinterpret_cast<const float*>(block);
  const __m512 scale = _mm512_loadu_ps(p + group * 16), offset = _mm512_loadu_ps(p + (n_groups + group) * 16);
  return {twice(scale, 0), twice(offset, 0), twice(scale, 1), twice(offset, 1)};
}

// A pair of inputs of 16 outputs, from levels as float32.
__m512bh weights(const Scales& s, __m512 low, __m512 high) {
  return _mm512_cvtne2ps_pbh(_mm512_fmadd_ps(high, s.high, s.high_offset), _mm512_fmadd_ps(low, s.low, s.low_offset));
}
__m512 level_8(const std::byte* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

// R rows by a block of half a panel. Blocks are read one after the other: memory is faster so.
template <int R, bool kEight, bool kPer16>
void block(const BF16* a, std::ptrdiff_t lda, const std::byte* w, __m512 table, __m512 (&sum)[R]) {
  constexpr int kGroups = kPer16 ? 2 : 1;
  const std::byte* levels = w + kGroups * 128;
  for (int first = 0; first < kPairs; first += 8) {
    const Scales scales = load_scales(w, kGroups, first * kGroups / kPairs);
    __m512i low_word{}, high_word{};
    if constexpr (!kEight) {
      low_word = _mm512_loadu_si512(levels + first * 16);
      high_word = _mm512_loadu_si512(levels + first * 16 + 64);
    }
#pragma GCC unroll 8
    for (int pair = 0; pair < 8; ++pair) {
      __m512 low, high;
      if constexpr (kEight) {
        low = level_8(levels + (first + pair) * 32);
        high = level_8(levels + (first + pair) * 32 + 16);
      } else {  // the look-up takes the low four bits of a lane
        low = _mm512_permutexvar_ps(_mm512_srli_epi32(low_word, 4 * pair), table);
        high = _mm512_permutexvar_ps(_mm512_srli_epi32(high_word, 4 * pair), table);
      }
      const __m512bh v = weights(scales, low, high);
      for (int r = 0; r < R; ++r) {
        std::int32_t both;
        std::memcpy(&both, a + r * lda + (first + pair) * 2, 4);
        sum[r] = _mm512_dpbf16_ps(sum[r], reinterpret_cast<__m512bh>(_mm512_set1_epi32(both)), v);
      }
    }
  }
}

// R rows by one panel.
template <int R, bool kEight, bool kPer16>
void panel(const CompactForm& f, const BF16* a, std::ptrdiff_t lda, const std::byte* w, int n_blocks, float* c,
           std::ptrdiff_t ldc) {
  __m512 low[R], high[R];  // outputs of both halves
  for (int r = 0; r < R; ++r) low[r] = high[r] = _mm512_setzero_ps();
  const __m512 table = _mm512_add_ps(_mm512_set1_ps(static_cast<float>(f.zero)),
                                     _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  const std::size_t stride = f.block_bytes();
  for (int b = 0; b < n_blocks; ++b, w += 2 * stride, a += kKBlock) {
    block<R, kEight, kPer16>(a, lda, w, table, low);
    block<R, kEight, kPer16>(a, lda, w + stride, table, high);
  }
  for (int r = 0; r < R; ++r) {
    _mm512_storeu_ps(c + r * ldc, low[r]);
    _mm512_storeu_ps(c + r * ldc + 16, high[r]);
  }
}

using PanelFn = void (*)(const CompactForm&, const BF16*, std::ptrdiff_t, const std::byte*, int, float*,
                         std::ptrdiff_t);
template <bool kEight, bool kPer16>
constexpr std::array<PanelFn, kCompactRows> kRows = {panel<1, kEight, kPer16>, panel<2, kEight, kPer16>,
                                                     panel<3, kEight, kPer16>, panel<4, kEight, kPer16>};

}  // namespace

void run_compact_avx512_bf16(const CompactForm& f, const void* a, int lda, int m, const std::byte* panels, int k,
                             int n_panels, float* c, int ldc) {
  const auto& rows = f.eight_bits ? (f.per_16 ? kRows<true, true> : kRows<true, false>)
                                  : (f.per_16 ? kRows<false, true> : kRows<false, false>);
  for (int p = 0; p < n_panels; ++p)
    rows[m - 1](f, static_cast<const BF16*>(a), lda, panels + p * f.panel_bytes(k), k / kKBlock, c + p * kPanel, ldc);
}

}  // namespace ponder::gemm
