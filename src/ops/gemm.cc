// Packing of weight panels and the choice of a kernel for this CPU.
#include "ops/gemm.h"

#include <cstring>

#include "ops/isa.h"

namespace ponder {
void pack_panel(Compute c, const float* rows, int k, void* out) {
  const int kp = round_up(k, kKBlock);
  if (c == Compute::kF32) {
    auto* o = static_cast<float*>(out);
    for (int i = 0; i < kp; ++i)
      for (int n = 0; n < kPanel; ++n) o[i * kPanel + n] = i < k ? rows[n * k + i] : 0.f;
    return;
  }
  auto* o = static_cast<BF16*>(out);
  if (kp != k) std::memset(out, 0, panel_bytes(c, k));
  for (int n = 0; n < kPanel; ++n) {
    const float* row = rows + static_cast<std::ptrdiff_t>(n) * k;
    for (int i = 0; i < k; ++i) o[(i / 2 * kPanel + n) * 2 + i % 2] = to_bf16(row[i]);
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
  static const GemmKernel amx{Compute::kBF16, "AMX BF16", true, gemm::run_amx_bf16},
      avx512{Compute::kBF16, "AVX-512 BF16", true, gemm::run_avx512_bf16, gemm::run_compact_avx512_bf16};
  if (c == Compute::kBF16 && instruction_set_limit() == InstructionSet::kBest) {
    if (gemm::amx_available()) return amx;
    if (gemm::avx512_bf16_available()) return avx512;
  }
  return gemm::portable(c);
}

}  // namespace ponder
