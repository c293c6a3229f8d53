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
#include <utility>

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

// How levels become float32.
enum class Levels {
  kFour,   // looked up
  kEight,  // converted
  kHigh,   // converted from the high byte of an int32: 2^24 times the level
};
// Of scales that are made of float16, which stay exact when they are divided by 2^24; a float32
// might not.
template <Levels kLevels>
Scales load_scales(const CompactForm& f, const Units& u, const std::byte* p, int group) {
  __m512 s = scale(f, p, group, u.scale), o = u.offset;
  if constexpr (kLevels == Levels::kHigh) s = _mm512_mul_ps(s, _mm512_set1_ps(0x1p-24f));
  if (!f.offsets) return {twice(s, 0), o, twice(s, 1), o};
  o = scale(f, p, f.groups() + group, o);
  return {twice(s, 0), twice(o, 0), twice(s, 1), twice(o, 1)};
}

// Returns the weights of a pair of inputs of 16 outputs, from levels as float32.
__m512bh weights(const Scales& s, __m512 low, __m512 high) {
  return _mm512_cvtne2ps_pbh(_mm512_fmadd_ps(high, s.high, s.high_offset),
                             _mm512_fmadd_ps(low, s.low, s.low_offset));
}

// Reads the next eight pairs of inputs of half a panel. A lane's levels lie in one 32-bit word, of
// four bits, or in two, of bytes.
template <Levels kLevels>
struct Eight {
  static constexpr int kBytes = kLevels == Levels::kFour ? 128 : 256;
  const Scales& scales;
  const std::byte* levels;
  __m512i low{}, high{};  // of four bits

  Eight(const Scales& s, const std::byte* p) : scales(s), levels(p) {
    if constexpr (kLevels == Levels::kFour) {
      low = _mm512_loadu_si512(p);
      high = _mm512_loadu_si512(p + 64);
    }
  }
  // The byte of pair i of each lane, in the high byte of a 32-bit word.
  static __m512 converted(const std::byte* p, int i) {
    const int at = i % 4;
    const __m512i words = _mm512_shuffle_epi8(
        _mm512_loadu_si512(p + i / 4 * 64),
        _mm512_broadcast_i32x4(_mm_setr_epi8(
            -1, -1, -1, static_cast<char>(at), -1, -1, -1, static_cast<char>(at + 4), -1, -1, -1,
            static_cast<char>(at + 8), -1, -1, -1, static_cast<char>(at + 12))));
    return _mm512_cvtepi32_ps(kLevels == Levels::kHigh ? words : _mm512_srai_epi32(words, 24));
  }
  __m512bh pair(int i, __m512 table) const {
    if constexpr (kLevels != Levels::kFour)
      return weights(scales, converted(levels, i), converted(levels + 128, i));
    // The look-up uses only the low four bits of a lane.
    return weights(scales, _mm512_permutexvar_ps(_mm512_srli_epi32(low, 4 * i), table),
                   _mm512_permutexvar_ps(_mm512_srli_epi32(high, 4 * i), table));
  }
};

// Calls use(k, weights of outputs 0-15, weights of outputs 16-31) for each pair of inputs k, k + 1
// of a panel, in order.
template <Levels kLevels, bool kPer16, class Use>
[[gnu::always_inline]] inline void for_pairs(const CompactForm& f, const std::byte* w, int n_in,
                                             const Use& use) {
  constexpr int kGroups = kPer16 ? 2 : 1, kBytes = Eight<kLevels>::kBytes;
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
          scales[half][g] = load_scales<kLevels>(f, units[half], w + half * scale_bytes, g);
      w += 2 * scale_bytes;
      for (int eight = 0; eight < 2; ++eight, k += 16, w += 2 * kBytes) {
        const int g = eight * kGroups / 2;
        const Eight<kLevels> left(scales[0][g], w), right(scales[1][g], w + kBytes);
#pragma GCC unroll 8
        for (int i = 0; i < 8; ++i) use(k + 2 * i, left.pair(i, table), right.pair(i, table));
      }
    }
  }
}

// Multiplies R rows by one panel. Each sum waits for the one before it, so the sums of the two
// halves take turns.
template <int R, Levels kLevels, bool kPer16>
void panel(const CompactForm& f, const BF16* a, std::ptrdiff_t lda, const std::byte* w, int n_in,
           float* c, std::ptrdiff_t ldc) {
  __m512 sum[R][2];  // sums of both halves' outputs
  for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = _mm512_setzero_ps();
  for_pairs<kLevels, kPer16>(
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

template <Levels kLevels, bool kPer16>
void expand(const CompactForm& f, const std::byte* w, int n_in, void* out) {
  auto* o = static_cast<BF16*>(out);
  for_pairs<kLevels, kPer16>(
      f, w, n_in, [&](int k, __m512bh left, __m512bh right) __attribute__((always_inline)) {
        _mm512_storeu_si512(o + k * kPanel, reinterpret_cast<__m512i>(left));
        _mm512_storeu_si512(o + k * kPanel + kPanel, reinterpret_cast<__m512i>(right));
      });
}

using PanelFn = void (*)(const CompactForm&, const BF16*, std::ptrdiff_t, const std::byte*, int,
                         float*, std::ptrdiff_t);
template <Levels kLevels, bool kPer16, std::size_t... kR>
constexpr std::array<PanelFn, sizeof...(kR)> rows(std::index_sequence<kR...>) {
  return {panel<kR + 1, kLevels, kPer16>...};
}
struct Functions {
  std::array<PanelFn, kCompactRows> panel;  // [rows - 1]
  void (*expand)(const CompactForm&, const std::byte*, int, void*);
};
template <Levels kLevels, bool kPer16>
constexpr Functions kFunctions = {rows<kLevels, kPer16>(std::make_index_sequence<kCompactRows>()),
                                  expand<kLevels, kPer16>};

const Functions& functions(const CompactForm& f) {
  if (!f.eight_bits)
    return f.per_16 ? kFunctions<Levels::kFour, true> : kFunctions<Levels::kFour, false>;
  if (f.scales == CompactForm::Scales::kFloats)
    return f.per_16 ? kFunctions<Levels::kEight, true> : kFunctions<Levels::kEight, false>;
  return f.per_16 ? kFunctions<Levels::kHigh, true> : kFunctions<Levels::kHigh, false>;
}

}  // namespace

void run_compact_avx512_bf16(const CompactForm& f, const void* a, int lda, int m,
                             const std::byte* panels, int k, int n_panels, float* c, int ldc) {
  const PanelFn run = functions(f).panel[m - 1];
  for (int p = 0; p < n_panels; ++p)
    run(f, static_cast<const BF16*>(a), lda, panels + p * f.panel_bytes(k), k, c + p * kPanel, ldc);
}

void expand_compact_avx512_bf16(const CompactForm& f, const std::byte* panel, int, int begin,
                                int end, void* out) {
  functions(f).expand(f, panel + f.bytes_before(begin) * 2, end - begin, out);
}

}  // namespace ponder::gemm
