// Packing of weight panels and the choice of a kernel for this CPU.
#include "ops/gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "ops/isa.h"

namespace ponder {
namespace {

void pack_int8(const float* rows, int k, void* out) {
  const int kp = round_up(k, kInt8Block);
  auto* level = static_cast<std::uint8_t*>(out);
  auto* scale = reinterpret_cast<float*>(level + static_cast<std::ptrdiff_t>(kp) * kPanel);
  std::memset(level, 128, static_cast<std::size_t>(kp) * kPanel);
  for (int n = 0; n < kPanel; ++n) {
    const float* row = rows + static_cast<std::ptrdiff_t>(n) * k;
    float most = 0;
    for (int i = 0; i < k; ++i) most = std::max(most, std::abs(row[i]));
    scale[n] = most / 127;
    const float inverse = most > 0 ? 127 / most : 0;
    for (int i = 0; i < k; ++i)
      level[(i / 4 * kPanel + n) * 4 + i % 4] = static_cast<std::uint8_t>(128 + std::lrintf(row[i] * inverse));
  }
}

}  // namespace

void pack_panel(Compute c, const float* rows, int k, void* out) {
  if (c == Compute::kInt8) return pack_int8(rows, k, out);
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
  PONDER_CHECK(c != Compute::kInt8);
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

bool int8_available() { return instruction_set_limit() == InstructionSet::kBest && gemm::avx512_vnni_available(); }

const GemmKernel& gemm_kernel(Compute c) {
  static const GemmKernel amx{Compute::kBF16, "AMX BF16", true, gemm::run_amx_bf16},
      avx512{Compute::kBF16, "AVX-512 BF16", true, gemm::run_avx512_bf16, gemm::run_compact_avx512_bf16},
      vnni{Compute::kInt8, "AVX-512 VNNI", true, gemm::run_avx512_vnni};
  if (c == Compute::kInt8) {
    PONDER_CHECK(int8_available());
    return vnni;
  }
  if (c == Compute::kBF16 && instruction_set_limit() == InstructionSet::kBest) {
    if (gemm::amx_available()) return amx;
    if (gemm::avx512_bf16_available()) return avx512;
  }
  return gemm::portable(c);
}

}  // namespace ponder
