// Compact weights by AVX-512: products of a few rows by VDPBF16PS, and the expansion into packed
// panels for many. Levels become float32 by scale and offset, are rounded to bf16, and are
// multiplied pair after pair, as in gemm_avx512bf16.cc.
#ifndef __clang__  // GCC 12 warns about its own header (bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "ops/compact.h"

namespace ponder::gemm {
namespace {

// A call in the loop over blocks would cost as much as the block.
#define PONDER_INLINE [[gnu::always_inline]] inline

// Scales and offsets of half a panel. Lanes are pairs of inputs of outputs 0-7 (low) and 8-15
// (high).
struct Scales {
  __m512 low, low_offset, high, high_offset;
};
// The units of half a panel: lanes are outputs.
struct Units {
  __m512 scale, offset;
};

PONDER_INLINE __m512 twice(__m512 x, int half) {
  const __m512i lanes =
      _mm512_add_epi32(_mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0),
                       _mm512_set1_epi32(half * 8));
  return _mm512_permutexvar_ps(lanes, x);
}
PONDER_INLINE __m512 halves(const std::byte* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
PONDER_INLINE __m512 integers(const std::byte* p) {
  return _mm512_cvtepi32_ps(
      _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

// A form at compile time: the loop over blocks is too short for branches.
template <bool kEight_, CompactForm::Scales kScales_, bool kOffsets_, bool kPer16>
struct Form {
  static constexpr bool kEight = kEight_, kOffsets = kOffsets_;
  static constexpr CompactForm::Scales kScales = kScales_;
  static constexpr CompactForm kForm{
      .scales = kScales_, .offsets = kOffsets_, .eight_bits = kEight_, .per_16 = kPer16};
};

template <class F>
PONDER_INLINE Units load_units(const std::byte* p) {
  if constexpr (F::kScales == CompactForm::Scales::kFloats)
    return {_mm512_setzero_ps(), _mm512_setzero_ps()};
  return {halves(p), F::kOffsets ? halves(p + 32) : _mm512_set1_ps(-0.f)};
}
template <class F>
PONDER_INLINE __m512 scale(const std::byte* p, int array, __m512 unit) {
  if constexpr (F::kScales == CompactForm::Scales::kIntegers)
    return _mm512_mul_ps(unit, integers(p + array * 16));
  if constexpr (F::kScales == CompactForm::Scales::kFloats) return _mm512_loadu_ps(p + array * 64);
  return unit;
}
template <class F>
PONDER_INLINE Scales load_scales(const Units& u, const std::byte* p, int group) {
  const __m512 s = scale<F>(p, group, u.scale);
  const __m512 none = _mm512_set1_ps(-0.f);
  if constexpr (!F::kOffsets) return {twice(s, 0), none, twice(s, 1), none};
  const __m512 o = scale<F>(p, F::kForm.groups() + group, u.offset);
  return {twice(s, 0), twice(o, 0), twice(s, 1), twice(o, 1)};
}

// Returns the weights of a pair of inputs of 16 outputs, from levels as float32.
PONDER_INLINE __m512bh weights(const Scales& s, __m512 low, __m512 high) {
  return _mm512_cvtne2ps_pbh(_mm512_fmadd_ps(high, s.high, s.high_offset),
                             _mm512_fmadd_ps(low, s.low, s.low_offset));
}

// Reads the next eight pairs of inputs of half a panel. The eight lanes of a pair of four-bit
// levels lie in one 32-bit word, and are loaded at once: a store in between could change them as
// far as the compiler knows.
template <bool kEight>
struct Eight {
  static constexpr int kBytes = kEight ? 256 : 128;
  const Scales& scales;
  const std::byte* levels;
  __m512i low{}, high{};  // of four bits

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
// of a panel, in order. zero: the level that is stored as 0.
template <class F, class Use>
PONDER_INLINE void for_pairs(int zero, const std::byte* w, int n_in, const Use& use) {
  using Pairs = Eight<F::kEight>;
  constexpr int kGroups = F::kForm.groups();
  constexpr std::size_t kUnitBytes = F::kForm.unit_bytes(), kScaleBytes = F::kForm.scale_bytes();
  const __m512 table =
      _mm512_add_ps(_mm512_set1_ps(static_cast<float>(zero)),
                    _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  for (int k = 0; k < n_in;) {
    const Units units[2] = {load_units<F>(w), load_units<F>(w + kUnitBytes)};
    w += 2 * kUnitBytes;
    for (int b = 0; b < F::kForm.blocks_of_unit(); ++b) {
      Scales scales[2][kGroups];
      for (int half = 0; half < 2; ++half)
        for (int g = 0; g < kGroups; ++g)
          scales[half][g] = load_scales<F>(units[half], w + half * kScaleBytes, g);
      w += 2 * kScaleBytes;
      for (int eight = 0; eight < 2; ++eight, k += 16, w += 2 * Pairs::kBytes) {
        const int g = eight * kGroups / 2;
        const Pairs left(scales[0][g], w), right(scales[1][g], w + Pairs::kBytes);
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) use(k + 2 * i, left.pair(i, table), right.pair(i, table));
      }
    }
  }
}

// Multiplies R rows by one panel. Each sum waits for the one before it, so the sums of the two
// halves take turns.
template <int R, class F>
void panel(int zero, const BF16* a, std::ptrdiff_t lda, const std::byte* w, int n_in, float* c,
           std::ptrdiff_t ldc) {
  __m512 sum[R][2];  // sums of both halves' outputs
  for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = _mm512_setzero_ps();
  for_pairs<F>(
      zero, w, n_in, [&](int k, __m512bh left, __m512bh right) __attribute__((always_inline)) {
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

template <class F>
void expand(int zero, const std::byte* w, int n_in, BF16* out) {
  for_pairs<F>(
      zero, w, n_in, [&](int k, __m512bh left, __m512bh right) __attribute__((always_inline)) {
        _mm512_storeu_si512(out + k * kPanel, reinterpret_cast<__m512i>(left));
        _mm512_storeu_si512(out + k * kPanel + kPanel, reinterpret_cast<__m512i>(right));
      });
}

struct Functions {
  // [rows - 1]; more rows take turns
  void (*panel[4])(int, const BF16*, std::ptrdiff_t, const std::byte*, int, float*, std::ptrdiff_t);
  void (*expand)(int, const std::byte*, int, BF16*);
};
template <class F>
constexpr Functions kFunctions{{panel<1, F>, panel<2, F>, panel<3, F>, panel<4, F>}, expand<F>};

template <CompactForm::Scales kScales, bool kOffsets, bool kPer16>
const Functions& of_levels(const CompactForm& f) {
  return f.eight_bits ? kFunctions<Form<true, kScales, kOffsets, kPer16>>
                      : kFunctions<Form<false, kScales, kOffsets, kPer16>>;
}
template <CompactForm::Scales kScales, bool kPer16>
const Functions& of_offsets(const CompactForm& f) {
  return f.offsets ? of_levels<kScales, true, kPer16>(f) : of_levels<kScales, false, kPer16>(f);
}
const Functions& functions(const CompactForm& f) {
  using enum CompactForm::Scales;
  if (f.scales == kHalves) return of_offsets<kHalves, false>(f);
  if (f.scales == kIntegers)
    return f.per_16 ? of_offsets<kIntegers, true>(f) : of_offsets<kIntegers, false>(f);
  return f.per_16 ? of_offsets<kFloats, true>(f) : of_offsets<kFloats, false>(f);
}

}  // namespace

void run_compact_avx512_bf16(const CompactForm& f, const void* a, int lda, int m,
                             const std::byte* panels, int k, int n_panels, float* c, int ldc) {
  constexpr int kMost = std::size(Functions{}.panel);
  const Functions& run = functions(f);
  for (int p = 0; p < n_panels; ++p)
    for (int row = 0; row < m; row += kMost)
      run.panel[std::min(m - row, kMost) - 1](
          f.zero, static_cast<const BF16*>(a) + static_cast<std::ptrdiff_t>(row) * lda, lda,
          panels + p * f.panel_bytes(k), k, c + static_cast<std::ptrdiff_t>(row) * ldc + p * kPanel,
          ldc);
}

void expand_compact_avx512_bf16(const CompactForm& f, const std::byte* panel, int, int begin,
                                int end, void* out) {
  functions(f).expand(f.zero, panel + f.bytes_before(begin) * 2, end - begin,
                      static_cast<BF16*>(out));
}

}  // namespace ponder::gemm
