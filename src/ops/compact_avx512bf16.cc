// Compact weights by AVX-512: products of a few rows by VDPBF16PS, and the expansion into packed
// panels for many. Levels become float32 by scale and offset, are rounded to bf16, and are
// multiplied pair after pair, as in gemm_avx512bf16.cc.
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
// The units of half a panel: lanes are outputs.
struct Units {
  __m512 scale, offset;
};

__m512 twice(__m512 x, int half) {
  const __m512i lanes =
      _mm512_add_epi32(_mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0),
                       _mm512_set1_epi32(half * 8));
  return _mm512_permutexvar_ps(lanes, x);
}
__m512 halves(const std::byte* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
__m512 integers(const std::byte* p) {
  return _mm512_cvtepi32_ps(
      _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

Units load_units(const CompactForm& f, const std::byte* p) {
  if (f.scales == CompactForm::Scales::kFloats) return {_mm512_set1_ps(1), _mm512_set1_ps(-0.f)};
  return {halves(p), f.offsets ? halves(p + 32) : _mm512_set1_ps(-0.f)};
}
__m512 scale(const CompactForm& f, const std::byte* p, int array, __m512 unit) {
  if (f.scales == CompactForm::Scales::kIntegers)
    return _mm512_mul_ps(unit, integers(p + array * 16));
  if (f.scales == CompactForm::Scales::kFloats) return _mm512_loadu_ps(p + array * 64);
  return unit;
}
Scales load_scales(const CompactForm& f, const Units& u, const std::byte* p, int group) {
  const __m512 s = scale(f, p, group, u.scale),
               o = f.offsets ? scale(f, p, f.groups() + group, u.offset) : u.offset;
  return {twice(s, 0), twice(o, 0), twice(s, 1), twice(o, 1)};
}

// Returns the weights of a pair of inputs of 16 outputs, from levels as float32.
__m512bh weights(const Scales& s, __m512 low, __m512 high) {
  return _mm512_cvtne2ps_pbh(_mm512_fmadd_ps(high, s.high, s.high_offset),
                             _mm512_fmadd_ps(low, s.low, s.low_offset));
}

// Reads the next eight pairs of inputs of half a panel.
template <bool kEight>
struct Eight {
  const Scales& scales;
  const std::byte* levels;
  __m512i low{}, high{};  // the four-bit levels

  Eight(const Scales& s, const std::byte* p) : scales(s), levels(p) {
    if constexpr (!kEight) {
      low = _mm512_loadu_si512(p);
      high = _mm512_loadu_si512(p + 64);
    }
  }
  __m512bh pair(int i, __m512 table) const {
    if constexpr (kEight)
      return weights(scales, integers(levels + i * 32), integers(levels + i * 32 + 16));
    // The look-up uses only the low four bits of a lane.
    return weights(scales, _mm512_permutexvar_ps(_mm512_srli_epi32(low, 4 * i), table),
                   _mm512_permutexvar_ps(_mm512_srli_epi32(high, 4 * i), table));
  }
};

// Calls use(k, weights of outputs 0-15, weights of outputs 16-31) for each pair of inputs k, k + 1
// of a panel, in order.
template <bool kEight, bool kPer16, class Use>
[[gnu::always_inline]] inline void for_pairs(const CompactForm& f, const std::byte* w, int n_in,
                                             const Use& use) {
  constexpr int kGroups = kPer16 ? 2 : 1, kLevelBytes = kEight ? 256 : 128;  // of eight pairs
  const __m512 table =
      _mm512_add_ps(_mm512_set1_ps(static_cast<float>(f.zero)),
                    _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  const std::size_t unit_bytes = f.unit_bytes(), scale_bytes = f.scale_bytes();
  const int n_blocks = f.blocks_of_unit();
  for (int k = 0; k < n_in;) {
    const Units units[2] = {load_units(f, w), load_units(f, w + unit_bytes)};
    w += 2 * unit_bytes;
    for (int b = 0; b < n_blocks; ++b) {
      Scales scales[2][kGroups];
      for (int half = 0; half < 2; ++half)
        for (int g = 0; g < kGroups; ++g)
          scales[half][g] = load_scales(f, units[half], w + half * scale_bytes, g);
      w += 2 * scale_bytes;
      for (int eight = 0; eight < 2; ++eight, k += 16, w += 2 * kLevelBytes) {
        const int g = eight * kGroups / 2;
        const Eight<kEight> left(scales[0][g], w), right(scales[1][g], w + kLevelBytes);
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) use(k + 2 * i, left.pair(i, table), right.pair(i, table));
      }
    }
  }
}

// Multiplies R rows by one panel. Each sum waits for the one before it, so the sums of the two
// halves take turns.
template <int R, bool kEight, bool kPer16>
void panel(const CompactForm& f, const BF16* a, std::ptrdiff_t lda, const std::byte* w, int n_in,
           float* c, std::ptrdiff_t ldc) {
  __m512 sum[R][2];  // sums of both halves' outputs
  for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = _mm512_setzero_ps();
  for_pairs<kEight, kPer16>(
      f, w, n_in, [&](int k, __m512bh left, __m512bh right) __attribute__((always_inline)) {
        for (int r = 0; r < R; ++r) {
          std::int32_t both;
          std::memcpy(&both, a + r * lda + k, 4);
          const auto x = reinterpret_cast<__m512bh>(_mm512_set1_epi32(both));
          sum[r][0] = _mm512_dpbf16_ps(sum[r][0], x, left);
          sum[r][1] = _mm512_dpbf16_ps(sum[r][1], x, right);
        }
      });
  for (int r = 0; r < R; ++r) {
    _mm512_storeu_ps(c + r * ldc, sum[r][0]);
    _mm512_storeu_ps(c + r * ldc + 16, sum[r][1]);
  }
}

template <bool kEight, bool kPer16>
void expand(const CompactForm& f, const std::byte* w, int n_in, void* out) {
  auto* o = static_cast<BF16*>(out);
  for_pairs<kEight, kPer16>(
      f, w, n_in, [&](int k, __m512bh left, __m512bh right) __attribute__((always_inline)) {
        _mm512_storeu_si512(o + k * kPanel, reinterpret_cast<__m512i>(left));
        _mm512_storeu_si512(o + k * kPanel + kPanel, reinterpret_cast<__m512i>(right));
      });
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
    rows[m - 1](f, static_cast<const BF16*>(a), lda, panels + p * f.panel_bytes(k), k,
                c + p * kPanel, ldc);
}

void expand_compact_avx512_bf16(const CompactForm& f, const std::byte* panel, int, int begin,
                                int end, void* out) {
  const auto run = f.eight_bits ? (f.per_16 ? expand<true, true> : expand<true, false>)
                                : (f.per_16 ? expand<false, true> : expand<false, false>);
  run(f, panel + f.bytes_before(begin) * 2, end - begin, out);
}

}  // namespace ponder::gemm
