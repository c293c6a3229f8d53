// int8 products by VPDPBUSD, for screening. Whole numbers over a block of 64 inputs are exact; blocks are added in
// their order, by one fused multiply-add each: a row's bits do not depend on the rows beside it.
#ifndef __clang__  // GCC 12 warns of its own header (bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <array>
#include <cstring>
#include <utility>

#include "ops/gemm_tiles.h"

namespace ponder::gemm {
namespace {

constexpr int kMaxRows = 6;  // by one panel: 12 whole and 12 float sums, 2 weights of 32 registers

constexpr int halves(int rows) { return rows == 1 ? 8 : rows <= 3 ? 4 : 2; }

struct Panels {
  const std::uint8_t* w;
  std::ptrdiff_t stride;  // bytes from one panel to the next
  int n_blocks;           // of kInt8Block inputs
};

template <int R, int H>
void block(const Int8Inputs* a, std::ptrdiff_t lda, const Panels& p, float* c, std::ptrdiff_t ldc) {
  __m512 sum[R][H];
  for (int r = 0; r < R; ++r)
    for (int h = 0; h < H; ++h) sum[r][h] = _mm512_setzero_ps();
  const auto row = [&](int r) {  // block by block
    return reinterpret_cast<const Int8Inputs*>(reinterpret_cast<const std::byte*>(a) + r * lda);
  };
  const std::uint8_t* w = p.w;
  for (int b = 0; b < p.n_blocks; ++b, ++a) {
    __m512i whole[R][H];
    for (int r = 0; r < R; ++r)
      for (int h = 0; h < H; ++h) whole[r][h] = _mm512_set1_epi32(row(r)->bias);
#pragma GCC unroll 4
    for (int four = 0; four < kInt8Block; four += 4, w += 4 * kPanel) {
      __m512i v[H];
      for (int h = 0; h < H; ++h) v[h] = _mm512_loadu_si512(w + h / 2 * p.stride + h % 2 * 64);
      for (int r = 0; r < R; ++r) {
        std::int32_t x;
        std::memcpy(&x, row(r)->level + four, 4);
        for (int h = 0; h < H; ++h) whole[r][h] = _mm512_dpbusd_epi32(whole[r][h], v[h], _mm512_set1_epi32(x));
      }
    }
    for (int r = 0; r < R; ++r)
      for (int h = 0; h < H; ++h)
        sum[r][h] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole[r][h]), _mm512_set1_ps(row(r)->scale), sum[r][h]);
  }
  for (int h = 0; h < H; ++h) {
    const __m512 scale = _mm512_loadu_ps(reinterpret_cast<const float*>(w + h / 2 * p.stride + h % 2 * 64));
    for (int r = 0; r < R; ++r) _mm512_storeu_ps(c + r * ldc + h * 16, _mm512_mul_ps(sum[r][h], scale));
  }
}

using BlockFn = void (*)(const Int8Inputs*, std::ptrdiff_t, const Panels&, float*, std::ptrdiff_t);
template <std::size_t... kR>
constexpr std::array<std::pair<BlockFn, BlockFn>, kMaxRows> blocks(std::index_sequence<kR...>) {
  return {std::pair<BlockFn, BlockFn>{block<kR + 1, halves(kR + 1)>, block<kR + 1, 2>}...};
}
constexpr auto kBlocks = blocks(std::make_index_sequence<kMaxRows>());  // [rows - 1]: several panels, one panel

}  // namespace

bool avx512_vnni_available() { return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw"); }

void run_avx512_vnni(const void* a, int lda, int m, const void* panels, int k_padded, int n_panels, float* c, int ldc) {
  const auto stride = static_cast<std::ptrdiff_t>(panel_bytes(Compute::kInt8, k_padded));
  const std::ptrdiff_t row_bytes = static_cast<std::ptrdiff_t>(lda) * 2;
  const auto wide = [](int rows) { return halves(rows) / 2; };
  for_tiles<kMaxRows>({m, n_panels, 2 * lda}, wide, [&](int row, int rows, int panel, int width) {
    const auto& [several, one] = kBlocks[rows - 1];
    (width == 1 ? one : several)(
        reinterpret_cast<const Int8Inputs*>(static_cast<const std::byte*>(a) + row * row_bytes), row_bytes,
        {static_cast<const std::uint8_t*>(panels) + panel * stride, stride,
         round_up(k_padded, kInt8Block) / kInt8Block},
        c + static_cast<std::ptrdiff_t>(row) * ldc + panel * kPanel, ldc);
  });
}

}  // namespace ponder::gemm
