// Packing of weight panels and the choice of a kernel for this CPU.
#include "ops/gemm.h"

#include <algorithm>
#include <cstring>

#include "ops/isa.h"
#include "ops/vector.h"

namespace ponder {
void pack_panel(Compute c, const float* rows, int k, void* out) {
  const int kp = round_up(k, kKBlock);
  if (c == Compute::kF32) {
    auto* o = static_cast<float*>(out);
    for (int i = 0; i < kp; ++i)
      for (int n = 0; n < kPanel; ++n) o[i * kPanel + n] = i < k ? rows[n * k + i] : 0.f;
    return;
  }
  // Packs by blocks of inputs: the rows of one block stay in the L1 cache while its pairs are
  // written in order.
  auto* o = static_cast<std::uint32_t*>(out);
  BF16 block[kPanel][kKBlock];
  for (int first = 0; first < kp; first += kKBlock, o += kPanel * kKBlock / 2) {
    const int n_inputs = std::min(kKBlock, k - first);
    for (int n = 0; n < kPanel; ++n)
      to_compute(Compute::kBF16, rows + static_cast<std::ptrdiff_t>(n) * k + first, n_inputs,
                 block[n]);
    for (int pair = 0; pair < kKBlock / 2; ++pair)
      for (int n = 0; n < kPanel; ++n) std::memcpy(o + pair * kPanel + n, block[n] + 2 * pair, 4);
  }
}

void pack_block(Compute c, const float* rows, int ld, void* out) {
  for (int k = 0; k < kKBlock; ++k) {
    const float* row = rows + static_cast<std::ptrdiff_t>(k) * ld;
    if (c == Compute::kF32) {
      std::memcpy(static_cast<float*>(out) + k * kPanel, row, kPanel * sizeof(float));
      continue;
    }
    auto* o = static_cast<BF16*>(out);
    for (int n = 0; n < kPanel; ++n) o[(k / 2 * kPanel + n) * 2 + k % 2] = to_bf16(row[n]);
  }
}

const GemmKernel& gemm_kernel(Compute c) {
  static const GemmKernel amx{Compute::kBF16, "AMX BF16", true, gemm::run_amx_bf16,
                              gemm::expand_compact_avx512_bf16},
      avx512{Compute::kBF16,
             "AVX-512 BF16",
             true,
             gemm::run_avx512_bf16,
             gemm::expand_compact_avx512_bf16,
             gemm::run_compact_avx512_bf16,
             gemm::kCompactRowsAvx512};
  if (c == Compute::kBF16 && instruction_set_limit() == InstructionSet::kBest) {
    if (gemm::amx_available()) return amx;
    if (gemm::avx512_bf16_available()) return avx512;
  }
  return gemm::portable(c);
}

}  // namespace ponder
