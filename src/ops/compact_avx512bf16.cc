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

#include "base/buffer.h"
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

// Calls use(k, weights) for each pair of inputs k, k + 1 of a panel, in order. weights: those of
// outputs 0-15 and 16-31. zero: the level that is stored as 0.
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
        const Pairs pairs[2] = {{scales[0][g], w}, {scales[1][g], w + Pairs::kBytes}};
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) {
          const __m512bh both[2] = {pairs[0].pair(i, table), pairs[1].pair(i, table)};
          use(k + 2 * i, both);
        }
      }
    }
  }
}

// Up to so many rows are read where they are. More rows would take a pointer each; their pairs of
// inputs are laid side by side first.
constexpr int kApart = 4;

// Multiplies R rows by one panel. Each sum waits for the one before it, so the sums of the two
// halves take turns. a: rows lda apart, or (n_in / 2, R) pairs of inputs if R > kApart.
template <int R, class F>
void panel(int zero, const BF16* a, std::ptrdiff_t lda, const std::byte* w, int n_in, float* c,
           std::ptrdiff_t ldc) {
  __m512 sum[R][2];
  for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = _mm512_setzero_ps();
  for_pairs<F>(
      zero, w, n_in, [&](int k, const __m512bh(&weights)[2]) __attribute__((always_inline)) {
        for (int r = 0; r < R; ++r) {
          std::int32_t pair;
          std::memcpy(&pair, R > kApart ? a + k * R + 2 * r : a + r * lda + k, 4);
          const auto x = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
          for (int half = 0; half < 2; ++half)
            sum[r][half] = _mm512_dpbf16_ps(sum[r][half], x, weights[half]);
        }
      });
  for (int r = 0; r < R; ++r)
    for (int half = 0; half < 2; ++half) _mm512_storeu_ps(c + r * ldc + half * 16, sum[r][half]);
}

template <class F>
void expand(int zero, const std::byte* w, int n_in, BF16* out) {
  for_pairs<F>(
      zero, w, n_in, [&](int k, const __m512bh(&weights)[2]) __attribute__((always_inline)) {
        for (int half = 0; half < 2; ++half)
          _mm512_storeu_si512(out + (k + half) * kPanel, reinterpret_cast<__m512i>(weights[half]));
      });
}

struct Functions {
  // of kRows
  void (*panel[6])(int, const BF16*, std::ptrdiff_t, const std::byte*, int, float*, std::ptrdiff_t);
  void (*expand)(int, const std::byte*, int, BF16*);
};
constexpr int kRows[] = {1, 2, 3, 4, 8, 12};
template <class F>
constexpr Functions kFunctions{
    {panel<1, F>, panel<2, F>, panel<3, F>, panel<4, F>, panel<8, F>, panel<12, F>}, expand<F>};

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

// Lays the pairs of inputs of `rows` rows side by side: (k / 2, rows).
const BF16* side_by_side(const BF16* a, std::ptrdiff_t lda, int rows, int k) {
  thread_local Buffer<BF16> out;
  out.grow(static_cast<std::size_t>(rows) * k);
  for (int r = 0; r < rows; ++r)
    for (int i = 0; i < k; i += 2) std::memcpy(out.data() + i * rows + 2 * r, a + r * lda + i, 4);
  return out.data();
}

}  // namespace

void run_compact_avx512_bf16(const CompactForm& f, const void* a, int lda, int m,
                             const std::byte* panels, int k, int n_panels, float* c, int ldc) {
  constexpr int kMost = *std::rbegin(kRows);
  const Functions& run = functions(f);
  const int parts = (m + kMost - 1) / kMost;  // of nearly equal size
  for (int part = 0; part < parts; ++part) {
    const int row = m * part / parts, left = m * (part + 1) / parts - row;
    const auto fit = std::lower_bound(std::begin(kRows), std::end(kRows), left);
    const BF16* rows = static_cast<const BF16*>(a) + static_cast<std::ptrdiff_t>(row) * lda;
    if (*fit > kApart) rows = side_by_side(rows, lda, *fit, k);
    for (int p = 0; p < n_panels; ++p)
      run.panel[fit - kRows](f.zero, rows, lda, panels + p * f.panel_bytes(k), k,
                             c + static_cast<std::ptrdiff_t>(row) * ldc + p * kPanel, ldc);
  }
}

void expand_compact_avx512_bf16(const CompactForm& f, const std::byte* panel, int, int begin,
                                int end, void* out) {
  functions(f).expand(f.zero, panel + f.bytes_before(begin) * 2, end - begin,
                      static_cast<BF16*>(out));
}

}  // namespace ponder::gemm
