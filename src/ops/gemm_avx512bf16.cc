// bf16 products by VDPBF16PS. The order over K is pair after pair. How many rows and columns are
// summed side by side only serves to fill the registers and does not change the result.
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "ops/gemm_tiles.h"

namespace ponder::gemm {
namespace {

// by one panel, uses 24 sums, 2 weights and 1 broadcast of the 32 registers
constexpr int kMaxRows = 12;

// How many half panels of 16 outputs are summed side by side: enough independent sums to hide the
// latency of one.
constexpr int halves(int rows) { return rows <= 3 ? 8 : rows <= 4 ? 4 : 2; }

struct Panels {
  const BF16* w;
  std::ptrdiff_t stride;  // from one panel to the next
  int n_blocks;           // of kKBlock inputs
};

// kAhead: prefetches the next panel. A few rows would otherwise wait for memory; many rows reuse
// the weights that are already in the cache.
template <int R, int H, bool kAhead = false>
void block(const BF16* a, std::ptrdiff_t lda, const Panels& p, float* c, std::ptrdiff_t ldc,
           bool add) {
  __m512 sum[R][H];
  for (int r = 0; r < R; ++r)
    for (int h = 0; h < H; ++h)
      sum[r][h] = add ? _mm512_loadu_ps(c + r * ldc + h * 16) : _mm512_setzero_ps();
  const BF16* w = p.w;
  const auto input = [&](int r) {
    std::int32_t pair;
    std::memcpy(&pair, a + r * lda, 4);
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
  };
  const auto weights = [&](int h) {
    return reinterpret_cast<__m512bh>(_mm512_loadu_si512(w + h / 2 * p.stride + h % 2 * 32));
  };
  for (int b = 0; b < p.n_blocks; ++b)
#pragma GCC unroll 4
    for (int pair = 0; pair < kKBlock / 2; ++pair, a += 2, w += 2 * kPanel) {
      if constexpr (kAhead)
        for (int h = 0; h < H; ++h)
          _mm_prefetch(w + (H + h) / 2 * p.stride + h % 2 * 32, _MM_HINT_T1);
      // Keeps the fewer operands in registers.
      if constexpr (R < H) {
        __m512bh x[R];
        for (int r = 0; r < R; ++r) x[r] = input(r);
        for (int h = 0; h < H; ++h)
          for (int r = 0; r < R; ++r) sum[r][h] = _mm512_dpbf16_ps(sum[r][h], x[r], weights(h));
      } else {
        __m512bh v[H];
        for (int h = 0; h < H; ++h) v[h] = weights(h);
        for (int r = 0; r < R; ++r)
          for (int h = 0; h < H; ++h) sum[r][h] = _mm512_dpbf16_ps(sum[r][h], input(r), v[h]);
      }
    }
  for (int r = 0; r < R; ++r)
    for (int h = 0; h < H; ++h) _mm512_storeu_ps(c + r * ldc + h * 16, sum[r][h]);
}

using BlockFn = void (*)(const BF16*, std::ptrdiff_t, const Panels&, float*, std::ptrdiff_t, bool);
struct Blocks {
  BlockFn several, one, one_ahead;  // by several panels; by one; by one, with prefetch
};
template <std::size_t... kR>
constexpr std::array<Blocks, kMaxRows> blocks(std::index_sequence<kR...>) {
  return {Blocks{block<kR + 1, halves(kR + 1)>, block<kR + 1, 2>, block<kR + 1, 2, true>}...};
}
constexpr auto kBlocks = blocks(std::make_index_sequence<kMaxRows>());  // [rows - 1]

}  // namespace

bool avx512_bf16_available() {
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl");
}

void run_avx512_bf16(const void* a, int lda, int m, const void* panels, int k_padded, int n_panels,
                     float* c, int ldc, bool add) {
  const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(k_padded) * kPanel;
  const bool few = m <= 2 * kMaxRows;
  const auto wide = [](int rows) { return halves(rows) / 2; };
  for_tiles<kMaxRows>({m, n_panels, 2 * lda}, wide, [&](int row, int rows, int panel, int width) {
    const Blocks& blocks = kBlocks[rows - 1];
    const BlockFn run = width > 1 ? blocks.several : few ? blocks.one_ahead : blocks.one;
    run(static_cast<const BF16*>(a) + static_cast<std::ptrdiff_t>(row) * lda, lda,
        {static_cast<const BF16*>(panels) + panel * stride, stride, k_padded / kKBlock},
        c + static_cast<std::ptrdiff_t>(row) * ldc + panel * kPanel, ldc, add);
  });
}

}  // namespace ponder::gemm
