// Products of a few rows with compact weights by VDPBF16PS. Levels become float32 by scale and
// offset, are rounded to bf16, and are multiplied pair after pair, as in gemm_avx512bf16.cc.
#ifndef __clang__  // GCC 12 warns about its own header (bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <array>
#include <cstring>

#include "ops/compact.h"

namespace ponder::gemm {
namespace {

// Scales and offsets of half a panel. Lanes are pairs of inputs of outputs 0-7 (low) and 8-15
// (high).
struct Scales {
  __m512 low, low_offset, high, high_offset;
};
__m512 twice(__m512 x, int half) {
  const __m512i lanes =
      _mm512_add_epi32(_mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0),
                       _mm512_set1_epi32(half * 8));
  return _mm512_permutexvar_ps(lanes, x);
}
Scales load_scales(const std::byte* block, int n_groups, int group) {
  const auto* p = reinterpret_cast<const float*>(block);
  const __m512 scale = _mm512_loadu_ps(p + group * 16),
               offset = _mm512_loadu_ps(p + (n_groups + group) * 16);
  return {twice(scale, 0), twice(offset, 0), twice(scale, 1), twice(offset, 1)};
}

// Returns the weights of a pair of inputs of 16 outputs, from levels as float32.
__m512bh weights(const Scales& s, __m512 low, __m512 high) {
  return _mm512_cvtne2ps_pbh(_mm512_fmadd_ps(high, s.high, s.high_offset),
                             _mm512_fmadd_ps(low, s.low, s.low_offset));
}
__m512 level_8(const std::byte* p) {
  return _mm512_cvtepi32_ps(
      _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

// Reads the next eight pairs of inputs of half a panel.
template <bool kEight, bool kPer16>
struct Eight {
  static constexpr int kGroups = kPer16 ? 2 : 1, kLevelBytes = kEight ? 256 : 128;
  static constexpr std::size_t kBlockBytes =
      kGroups * 256 + 4 * kLevelBytes;  // size of a block of both halves
  Scales scales;
  __m512i low{}, high{};  // the four-bit levels
  const std::byte* levels;

  Eight(const std::byte* block, int half, int eight)
      : scales(load_scales(block + half * kGroups * 128, kGroups, eight * kGroups / 2)),
        levels(block + kGroups * 256 + (eight * 2 + half) * kLevelBytes) {
    if constexpr (!kEight) {
      low = _mm512_loadu_si512(levels);
      high = _mm512_loadu_si512(levels + 64);
    }
  }
  __m512bh pair(int i, __m512 table) const {
    if constexpr (kEight)
      return weights(scales, level_8(levels + i * 32), level_8(levels + i * 32 + 16));
    // The look-up uses only the low four bits of a lane.
    return weights(scales, _mm512_permutexvar_ps(_mm512_srli_epi32(low, 4 * i), table),
                   _mm512_permutexvar_ps(_mm512_srli_epi32(high, 4 * i), table));
  }
};

// Multiplies R rows by a block of 32 outputs. Each sum waits for the one before it, so the sums of
// the two halves take turns.
template <int R, bool kEight, bool kPer16>
void block(const BF16* a, std::ptrdiff_t lda, const std::byte* w, __m512 table,
           __m512 (&sum)[R][2]) {
  for (int eight = 0; eight < 2; ++eight, a += 16) {
    const Eight<kEight, kPer16> left(w, 0, eight), right(w, 1, eight);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      const __m512bh v = left.pair(i, table), u = right.pair(i, table);
      for (int r = 0; r < R; ++r) {
        std::int32_t both;
        std::memcpy(&both, a + r * lda + i * 2, 4);
        const auto x = reinterpret_cast<__m512bh>(_mm512_set1_epi32(both));
        sum[r][0] = _mm512_dpbf16_ps(sum[r][0], x, v);
        sum[r][1] = _mm512_dpbf16_ps(sum[r][1], x, u);
      }
    }
  }
}

// Multiplies R rows by one panel.
template <int R, bool kEight, bool kPer16>
void panel(const CompactForm& f, const BF16* a, std::ptrdiff_t lda, const std::byte* w,
           int n_blocks, float* c, std::ptrdiff_t ldc) {
  __m512 sum[R][2];  // sums of both halves' outputs
  for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = _mm512_setzero_ps();
  const __m512 table =
      _mm512_add_ps(_mm512_set1_ps(static_cast<float>(f.zero)),
                    _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  for (int b = 0; b < n_blocks; ++b, w += Eight<kEight, kPer16>::kBlockBytes, a += kKBlock)
    block<R, kEight, kPer16>(a, lda, w, table, sum);
  for (int r = 0; r < R; ++r) {
    _mm512_storeu_ps(c + r * ldc, sum[r][0]);
    _mm512_storeu_ps(c + r * ldc + 16, sum[r][1]);
  }
}

using PanelFn = void (*)(const CompactForm&, const BF16*, std::ptrdiff_t, const std::byte*, int,
                         float*, std::ptrdiff_t);
template <bool kEight, bool kPer16>
constexpr std::array<PanelFn, kCompactRows> kRows = {
    panel<1, kEight, kPer16>, panel<2, kEight, kPer16>, panel<3, kEight, kPer16>,
    panel<4, kEight, kPer16>};

}  // namespace

void run_compact_avx512_bf16(const CompactForm& f, const void* a, int lda, int m,
                             const std::byte* panels, int k, int n_panels, float* c, int ldc) {
  const auto& rows = f.eight_bits ? (f.per_16 ? kRows<true, true> : kRows<true, false>)
                                  : (f.per_16 ? kRows<false, true> : kRows<false, false>);
  for (int p = 0; p < n_panels; ++p)
    rows[m - 1](f, static_cast<const BF16*>(a), lda, panels + p * f.panel_bytes(k), k / kKBlock,
                c + p * kPanel, ldc);
}

}  // namespace ponder::gemm
