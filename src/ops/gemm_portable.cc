// Products by Highway on whatever vectors the CPU has: f32, and bf16 widened to f32 where it has no bf16
// instructions. Order over K: one after the other, fused multiply-add where the CPU has it.
#include "ops/gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/gemm_portable.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::gemm::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, kPanel / 2>;

// R rows by one panel of 32 columns in vectors of L lanes; sums stay in registers over all of K.
template <int R, int kVectors>
HWY_INLINE void block_f32(const float* HWY_RESTRICT a, int lda, const float* HWY_RESTRICT w, int k,
                          float* HWY_RESTRICT c, int ldc) {
  const D d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  hn::Vec<D> sum[R][kVectors];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  for (int i = 0; i < k; ++i, w += kPanel) {
    for (int v = 0; v < kVectors; ++v) {
      const auto b = hn::LoadU(d, w + v * lanes);
      for (int r = 0; r < R; ++r)
        sum[r][v] = hn::MulAdd(hn::Set(d, a[r * static_cast<std::ptrdiff_t>(lda) + i]), b, sum[r][v]);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[r][v], d, c + r * static_cast<std::ptrdiff_t>(ldc) + v * lanes);
}

// The same for some columns of a panel of bf16 pairs: even k in the low half of each 32-bit lane, odd k in the high
// half.
template <int R, int kVectors>
HWY_INLINE void block_bf16(const BF16* HWY_RESTRICT a, int lda, const BF16* HWY_RESTRICT w, int n_pairs,
                           float* HWY_RESTRICT c, int ldc) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  const int lanes = static_cast<int>(hn::Lanes(d));
  hn::Vec<D> sum[R][kVectors];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  for (int p = 0; p < n_pairs; ++p, w += 2 * kPanel) {
    for (int v = 0; v < kVectors; ++v) {
      const auto pair = hn::LoadU(du, reinterpret_cast<const std::uint32_t*>(w) + v * lanes);
      const auto even = hn::BitCast(d, hn::ShiftLeft<16>(pair));
      const auto odd = hn::BitCast(d, hn::And(pair, hn::Set(du, 0xffff0000u)));
      for (int r = 0; r < R; ++r) {
        const BF16* x = a + r * static_cast<std::ptrdiff_t>(lda) + p * 2;
        sum[r][v] = hn::MulAdd(hn::Set(d, from_bf16(x[0])), even, sum[r][v]);
        sum[r][v] = hn::MulAdd(hn::Set(d, from_bf16(x[1])), odd, sum[r][v]);
      }
    }
  }
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[r][v], d, c + r * static_cast<std::ptrdiff_t>(ldc) + v * lanes);
}

// Vectors and rows a block, by the register file: 32 of 16 lanes, 16 of 8, 16 of 4.
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
constexpr int kHalf = kPanel / 2 / kLanes;  // vectors of half a panel
constexpr int kRows = kLanes >= 16 ? 12 : 6;
constexpr int kFewRows = 4;  // still enough sums side by side to hide what a multiply-add takes

template <int R>
void rows_f32(const float* a, int lda, const float* w, int k, float* c, int ldc) {
  if constexpr (kLanes >= 16) {
    block_f32<R, 2 * kHalf>(a, lda, w, k, c, ldc);
  } else {  // narrow vectors: two lanes of columns at a time keep the sums in registers
    constexpr int kV = kHalf < 2 ? kHalf : 2;
    for (int v = 0; v < 2 * kHalf; v += kV) block_f32<R, kV>(a, lda, w + v * kLanes, k, c + v * kLanes, ldc);
  }
}
template <int R>
void rows_bf16(const BF16* a, int lda, const BF16* w, int n_pairs, float* c, int ldc) {
  constexpr int kV = kHalf < 2 ? kHalf : 2;
  for (int v = 0; v < 2 * kHalf; v += kV) block_bf16<R, kV>(a, lda, w + v * kLanes * 2, n_pairs, c + v * kLanes, ldc);
}

template <class T>
using BlockFn = void (*)(const T* a, int lda, const T* w, int depth, float* c, int ldc);

template <class T>
void run(const void* a, int lda, int m, const void* panels, int k_padded, int n_panels, float* c, int ldc, int depth,
         BlockFn<T> wide, BlockFn<T> few, BlockFn<T> one) {
  for (int p = 0; p < n_panels; ++p) {
    const T* w = static_cast<const T*>(panels) + static_cast<std::ptrdiff_t>(p) * k_padded * kPanel;
    for (int i = 0; i < m;) {
      const int rows = m - i >= kRows ? kRows : m - i >= kFewRows ? kFewRows : 1;
      const BlockFn<T> block = rows == kRows ? wide : rows == kFewRows ? few : one;
      block(static_cast<const T*>(a) + static_cast<std::ptrdiff_t>(i) * lda, lda, w, depth,
            c + static_cast<std::ptrdiff_t>(i) * ldc + p * kPanel, ldc);
      i += rows;
    }
  }
}
void run_f32(const void* a, int lda, int m, const void* panels, int k, int n, float* c, int ldc) {
  run<float>(a, lda, m, panels, k, n, c, ldc, k, &rows_f32<kRows>, &rows_f32<kFewRows>, &rows_f32<1>);
}
void run_bf16(const void* a, int lda, int m, const void* panels, int k, int n, float* c, int ldc) {
  run<BF16>(a, lda, m, panels, k, n, c, ldc, k / 2, &rows_bf16<kRows>, &rows_bf16<kFewRows>, &rows_bf16<1>);
}
const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace ponder::gemm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder::gemm {
HWY_EXPORT(run_f32);
HWY_EXPORT(run_bf16);
HWY_EXPORT(target_name);

const GemmKernel& portable(Compute c) {
  static const GemmKernel f32{Compute::kF32, HWY_DYNAMIC_DISPATCH(target_name)(), true,
                              [](const void* a, int lda, int m, const void* w, int k, int n, float* o, int ldc) {
                                HWY_DYNAMIC_DISPATCH(run_f32)(a, lda, m, w, k, n, o, ldc);
                              },
                              run_compact_portable_f32};
  static const GemmKernel bf16{Compute::kBF16, f32.isa, false,
                               [](const void* a, int lda, int m, const void* w, int k, int n, float* o, int ldc) {
                                 HWY_DYNAMIC_DISPATCH(run_bf16)(a, lda, m, w, k, n, o, ldc);
                               }};
  return c == Compute::kF32 ? f32 : bf16;
}

}  // namespace ponder::gemm
#endif
