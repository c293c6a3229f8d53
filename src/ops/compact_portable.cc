// Compact weights by Highway, in float32: products of a few rows, and the expansion into packed
// panels for many. Lanes are outputs; inputs follow one another, as in gemm_portable.cc.
#include "ops/compact.h"

#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/compact_portable.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::gemm::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, kPanel / 2>;
using V = hn::Vec<D>;
constexpr D kD{};
constexpr hn::RebindToSigned<D> kDI{};
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D())),
              kVectors = kPanel / 2 / kLanes;  // vectors in half a panel

// Returns the four-bit levels of input kJ of a word, which holds eight.
template <int kJ>
HWY_INLINE V level_4(const std::byte* word, int v, V zero) {
  const auto w = hn::LoadU(kDI, reinterpret_cast<const std::int32_t*>(word) + v * kLanes);
  return hn::Add(hn::ConvertTo(kD, hn::And(hn::ShiftRight<4 * kJ>(w), hn::Set(kDI, 15))), zero);
}
HWY_INLINE V level_8(const std::byte* levels, int v) {
  const hn::Rebind<std::int8_t, D> bytes;
  return hn::ConvertTo(
      kD, hn::PromoteTo(
              kDI, hn::LoadU(bytes, reinterpret_cast<const std::int8_t*>(levels) + v * kLanes)));
}

struct Inputs {
  const float* a;
  std::ptrdiff_t lda;
};

template <int R>
HWY_INLINE void add_input(const Inputs& in, int k, const V (&weight)[kVectors],
                          V (&sum)[R][kVectors]) {
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] = hn::MulAdd(hn::Set(kD, in.a[r * in.lda + k]), weight[v], sum[r][v]);
}

// The units of half a panel, and the scales and offsets of a group: lanes are outputs.
struct Scales {
  V scale[kVectors], offset[kVectors];
};
HWY_INLINE V halves(const std::byte* p, int v) {
  const hn::Rebind<hwy::float16_t, D> d;
  return hn::PromoteTo(kD, hn::LoadU(d, reinterpret_cast<const hwy::float16_t*>(p) + v * kLanes));
}
HWY_INLINE Scales load_units(const CompactForm& f, const std::byte* p) {
  const bool stored = f.scales != CompactForm::Scales::kFloats;
  Scales u;
  for (int v = 0; v < kVectors; ++v) {
    u.scale[v] = stored ? halves(p, v) : hn::Set(kD, 1.f);
    u.offset[v] = stored && f.offsets ? halves(p + 32, v) : hn::Set(kD, -0.f);
  }
  return u;
}
HWY_INLINE V scale(const CompactForm& f, const std::byte* p, int array, int v, V unit) {
  if (f.scales == CompactForm::Scales::kIntegers) return hn::Mul(unit, level_8(p + array * 16, v));
  if (f.scales == CompactForm::Scales::kFloats)
    return hn::LoadU(kD, reinterpret_cast<const float*>(p) + array * 16 + v * kLanes);
  return unit;
}

// Calls use(k, its weights) for each input of half a panel, in order, eight at a time.
template <bool kEight, int kJ = 0, class Use>
HWY_INLINE void eight_inputs(int k, const std::byte* levels, const Scales& s, V zero,
                             const Use& use) {
  if constexpr (kJ < 8) {
    V weight[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      V level;
      if constexpr (kEight) {
        level = level_8(levels + kJ * 16, v);
      } else {
        level = level_4<kJ>(levels, v, zero);
      }
      weight[v] = hn::MulAdd(level, s.scale[v], s.offset[v]);
    }
    use(k + kJ, weight);
    eight_inputs<kEight, kJ + 1>(k, levels, s, zero, use);
  }
}

// The same for n inputs of half a panel.
template <bool kEight, class Use>
HWY_INLINE void for_inputs(const CompactForm& f, const std::byte* w, int n, const Use& use) {
  const V zero = hn::Set(kD, static_cast<float>(f.zero));
  const int groups = f.groups(), eights = 4 / groups, n_blocks = f.blocks_of_unit();
  for (int k = 0; k < n;) {
    const Scales units = load_units(f, w);
    w += f.unit_bytes();
    for (int b = 0; b < n_blocks; ++b) {
      const std::byte* levels = w + f.scale_bytes();
      for (int g = 0; g < groups; ++g) {
        Scales s;
        for (int v = 0; v < kVectors; ++v) {
          s.scale[v] = scale(f, w, g, v, units.scale[v]);
          s.offset[v] = f.offsets ? scale(f, w, groups + g, v, units.offset[v]) : units.offset[v];
        }
        for (int i = 0; i < eights; ++i, k += 8, levels += kEight ? 128 : 64)
          eight_inputs<kEight>(k, levels, s, zero, use);
      }
      w += f.scale_bytes() + f.level_bytes();
    }
  }
}

// Multiplies R rows by half a panel.
template <int R, bool kEight>
void half_panel(const CompactForm& f, const Inputs& in, const std::byte* w, int n_in, float* c,
                std::ptrdiff_t ldc) {
  V sum[R][kVectors];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(kD);
  for_inputs<kEight>(f, w, n_in, [&](int k, const V(&weight)[kVectors]) HWY_ATTR {
    add_input<R>(in, k, weight, sum);
  });
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[r][v], kD, c + r * ldc + v * kLanes);
}

using HalfFn = decltype(&half_panel<1, true>);
template <bool kEight, std::size_t... kR>
constexpr std::array<HalfFn, sizeof...(kR)> rows(std::index_sequence<kR...>) {
  return {half_panel<kR + 1, kEight>...};
}

template <bool kEight>
void run(const CompactForm& f, const Inputs& in, int m, const std::byte* w, int n_in, float* c,
         int ldc) {
  constexpr auto kRows = rows<kEight>(std::make_index_sequence<kCompactRowsPortable>());
  kRows[m - 1](f, in, w, n_in, c, ldc);
}

void run_compact_f32(const CompactForm& f, const void* a, int lda, int m, const std::byte* panels,
                     int k, int n_panels, float* c, int ldc) {
  const Inputs in{static_cast<const float*>(a), lda};
  for (int half = 0; half < 2 * n_panels; ++half)
    (f.eight_bits ? run<true> : run<false>)(f, in, m, panels + half * f.bytes_before(k), k,
                                            c + half * (kPanel / 2), ldc);
}

template <bool kEight>
void expand_half(const CompactForm& f, const std::byte* w, int n, float* out) {
  for_inputs<kEight>(f, w, n, [&](int k, const V(&weight)[kVectors]) HWY_ATTR {
    for (int v = 0; v < kVectors; ++v) hn::StoreU(weight[v], kD, out + k * kPanel + v * kLanes);
  });
}

void expand_f32(const CompactForm& f, const std::byte* panel, int k, int begin, int end,
                void* out) {
  for (int half = 0; half < 2; ++half)
    (f.eight_bits ? expand_half<true>
                  : expand_half<false>)(f, panel + half * f.bytes_before(k) + f.bytes_before(begin),
                                        end - begin,
                                        static_cast<float*>(out) + half * (kPanel / 2));
}

}  // namespace ponder::gemm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder::gemm {
HWY_EXPORT(run_compact_f32);
HWY_EXPORT(expand_f32);
void run_compact_portable_f32(const CompactForm& f, const void* a, int lda, int m,
                              const std::byte* panels, int k, int n_panels, float* c, int ldc) {
  HWY_DYNAMIC_DISPATCH(run_compact_f32)(f, a, lda, m, panels, k, n_panels, c, ldc);
}
void expand_compact_portable_f32(const CompactForm& f, const std::byte* panel, int k, int begin,
                                 int end, void* out) {
  HWY_DYNAMIC_DISPATCH(expand_f32)(f, panel, k, begin, end, out);
}
}  // namespace ponder::gemm
#endif
