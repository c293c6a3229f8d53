// Products by Highway on the vectors that the CPU has: f32, and bf16 widened to f32 if the CPU has
// no bf16 instructions. The order over K is one input after the other, with fused multiply-add if
// the CPU has it.
#include <algorithm>
#include <array>
#include <utility>

#include "ops/gemm_tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/gemm_portable.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::gemm::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, kPanel / 2>;

// Multiplies R rows by kVectors vectors of a panel's columns. The sums stay in registers over all
// of K.
template <int R, int kVectors>
HWY_INLINE void block_f32(const float* HWY_RESTRICT a, int lda, const float* HWY_RESTRICT w, int k,
                          float* HWY_RESTRICT c, int ldc, bool add) {
  const D d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  hn::Vec<D> sum[R][kVectors];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] =
          add ? hn::LoadU(d, c + r * static_cast<std::ptrdiff_t>(ldc) + v * lanes) : hn::Zero(d);
  for (int i = 0; i < k; ++i, w += kPanel) {
    hn::Vec<D> b[kVectors];
    for (int v = 0; v < kVectors; ++v) b[v] = hn::LoadU(d, w + v * lanes);
    // Broadcasts one input at a time: R of them would need more than 16 registers.
    for (int r = 0; r < R; ++r) {
      const auto x = hn::Set(d, a[r * static_cast<std::ptrdiff_t>(lda) + i]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(x, b[v], sum[r][v]);
    }
  }
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v)
      hn::StoreU(sum[r][v], d, c + r * static_cast<std::ptrdiff_t>(ldc) + v * lanes);
}

// The same for a panel of bf16 pairs: even k are in the low half of each 32-bit lane, odd k in the
// high half.
template <int R, int kVectors>
HWY_INLINE void block_bf16(const BF16* HWY_RESTRICT a, int lda, const BF16* HWY_RESTRICT w,
                           int n_pairs, float* HWY_RESTRICT c, int ldc, bool add) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  const int lanes = static_cast<int>(hn::Lanes(d));
  hn::Vec<D> sum[R][kVectors];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] =
          add ? hn::LoadU(d, c + r * static_cast<std::ptrdiff_t>(ldc) + v * lanes) : hn::Zero(d);
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
    for (int v = 0; v < kVectors; ++v)
      hn::StoreU(sum[r][v], d, c + r * static_cast<std::ptrdiff_t>(ldc) + v * lanes);
}

// The most rows per block, limited by the register file: 32 registers of 16 lanes, or 16 of 8 or 4.
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
constexpr int kRows = kLanes >= 16 ? 12 : 6;
// How many vectors of a panel are summed side by side. With narrow vectors: as many as keep the
// sums in registers and hide the latency of a multiply-add.
constexpr int kPerPanel = kPanel / kLanes;
constexpr int vectors(int rows) {
  return kLanes >= 16 ? 2 : std::min(rows <= 2 ? 4 : 2, kPerPanel);
}

template <int R>
void rows_f32(const float* a, int lda, const float* w, int k, float* c, int ldc, bool add) {
  constexpr int kV = vectors(R);
  for (int v = 0; v < kPerPanel; v += kV)
    block_f32<R, kV>(a, lda, w + v * kLanes, k, c + v * kLanes, ldc, add);
}
template <int R>
void rows_bf16(const BF16* a, int lda, const BF16* w, int k, float* c, int ldc, bool add) {
  constexpr int kV = kLanes >= 16 ? 1 : std::min(2, kPerPanel);  // half a panel of 16 lanes
  for (int v = 0; v < kPerPanel; v += kV)
    block_bf16<R, kV>(a, lda, w + v * kLanes * 2, k / 2, c + v * kLanes, ldc, add);
}

template <class T>
using BlockFn = void (*)(const T* a, int lda, const T* w, int k, float* c, int ldc, bool add);

template <class T>
void run(const std::array<BlockFn<T>, kRows>& blocks, const void* a, int lda, int m,
         const void* panels, int k, int n_panels, float* c, int ldc, bool add) {
  const TileShape shape{m, n_panels, lda * static_cast<int>(sizeof(T))};
  for_tiles<kRows>(
      shape, [](int) { return 1; },
      [&](int row, int rows, int panel, int) {
        blocks[rows - 1](
            static_cast<const T*>(a) + static_cast<std::ptrdiff_t>(row) * lda, lda,
            static_cast<const T*>(panels) + static_cast<std::ptrdiff_t>(panel) * k * kPanel, k,
            c + static_cast<std::ptrdiff_t>(row) * ldc + panel * kPanel, ldc, add);
      });
}
template <std::size_t... kR>
constexpr std::array<BlockFn<float>, kRows> blocks_f32(std::index_sequence<kR...>) {
  return {rows_f32<kR + 1>...};
}
template <std::size_t... kR>
constexpr std::array<BlockFn<BF16>, kRows> blocks_bf16(std::index_sequence<kR...>) {
  return {rows_bf16<kR + 1>...};
}
using Rows = std::make_index_sequence<kRows>;
void run_f32(const void* a, int lda, int m, const void* panels, int k, int n, float* c, int ldc,
             bool add) {
  run<float>(blocks_f32(Rows()), a, lda, m, panels, k, n, c, ldc, add);
}
void run_bf16(const void* a, int lda, int m, const void* panels, int k, int n, float* c, int ldc,
              bool add) {
  run<BF16>(blocks_bf16(Rows()), a, lda, m, panels, k, n, c, ldc, add);
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
  static const GemmKernel f32{
      Compute::kF32,
      HWY_DYNAMIC_DISPATCH(target_name)(),
      true,
      [](const void* a, int lda, int m, const void* w, int k, int n, float* o, int ldc, bool add) {
        HWY_DYNAMIC_DISPATCH(run_f32)
        (a, lda, m, w, k, n, o, ldc, add);
      },
      expand_compact_portable_f32,
      run_compact_portable_f32,
      kCompactRowsPortable};
  static const GemmKernel bf16{
      Compute::kBF16, f32.isa, false,
      [](const void* a, int lda, int m, const void* w, int k, int n, float* o, int ldc, bool add) {
        HWY_DYNAMIC_DISPATCH(run_bf16)
        (a, lda, m, w, k, n, o, ldc, add);
      },
      expand_compact_portable_bf16};
  return c == Compute::kF32 ? f32 : bf16;
}

}  // namespace ponder::gemm
#endif
