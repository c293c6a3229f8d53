// Products of a few rows with compact weights by Highway, in float32. Lanes are outputs; inputs
// follow one another, as in gemm_portable.cc.
#include "ops/compact.h"

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

// Adds eight inputs, from k on, of half a panel.
template <int R, bool kEight, int kJ = 0>
HWY_INLINE void eight_inputs(const Inputs& in, int k, const std::byte* levels,
                             const V (&scale)[kVectors], const V (&offset)[kVectors], V zero,
                             V (&sum)[R][kVectors]) {
  if constexpr (kJ < 8) {
    V weight[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      V level;
      if constexpr (kEight) {
        level = level_8(levels + kJ * 16, v);
      } else {
        level = level_4<kJ>(levels, v, zero);
      }
      weight[v] = hn::MulAdd(level, scale[v], offset[v]);
    }
    add_input<R>(in, k + kJ, weight, sum);
    eight_inputs<R, kEight, kJ + 1>(in, k, levels, scale, offset, zero, sum);
  }
}

// Multiplies R rows by half a panel.
template <int R, bool kEight>
void half_panel(const CompactForm& f, const Inputs& in, const std::byte* w, int n_blocks, float* c,
                std::ptrdiff_t ldc) {
  const V zero = hn::Set(kD, static_cast<float>(f.zero));
  const int groups = f.groups(), eights = 4 / groups;
  V sum[R][kVectors];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(kD);
  for (int b = 0; b < n_blocks; ++b, w += f.block_bytes()) {
    const auto* scales = reinterpret_cast<const float*>(w);
    const std::byte* levels = w + groups * 128;
    for (int g = 0; g < groups; ++g) {
      V scale[kVectors], offset[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        scale[v] = hn::LoadU(kD, scales + g * 16 + v * kLanes);
        offset[v] = hn::LoadU(kD, scales + (groups + g) * 16 + v * kLanes);
      }
      for (int i = g * eights; i < (g + 1) * eights; ++i)
        eight_inputs<R, kEight>(in, b * kKBlock + i * 8, levels + i * (kEight ? 128 : 64), scale,
                                offset, zero, sum);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[r][v], kD, c + r * ldc + v * kLanes);
}

template <bool kEight>
void run(const CompactForm& f, const Inputs& in, int m, const std::byte* w, int n_blocks, float* c,
         int ldc) {
  constexpr decltype(&half_panel<1, kEight>) kRows[kCompactRows] = {
      half_panel<1, kEight>, half_panel<2, kEight>, half_panel<3, kEight>, half_panel<4, kEight>};
  kRows[m - 1](f, in, w, n_blocks, c, ldc);
}

void run_compact_f32(const CompactForm& f, const void* a, int lda, int m, const std::byte* panels,
                     int k, int n_panels, float* c, int ldc) {
  const Inputs in{static_cast<const float*>(a), lda};
  for (int half = 0; half < 2 * n_panels; ++half)
    (f.eight_bits ? run<true> : run<false>)(f, in, m, panels + half * (f.panel_bytes(k) / 2),
                                            k / kKBlock, c + half * (kPanel / 2), ldc);
}

}  // namespace ponder::gemm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder::gemm {
HWY_EXPORT(run_compact_f32);
void run_compact_portable_f32(const CompactForm& f, const void* a, int lda, int m,
                              const std::byte* panels, int k, int n_panels, float* c, int ldc) {
  HWY_DYNAMIC_DISPATCH(run_compact_f32)(f, a, lda, m, panels, k, n_panels, c, ldc);
}
}  // namespace ponder::gemm
#endif
