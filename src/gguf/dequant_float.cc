// F32, F16, BF16.
#include "gguf/dequant.h"

namespace ponder::dequant {

void f32(const std::byte* p, std::int64_t n, float* out) { std::memcpy(out, p, n * 4); }

void f16(const std::byte* p, std::int64_t n, float* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = load_half(p + 2 * i);
}

void bf16(const std::byte* p, std::int64_t n, float* out) {
  for (std::int64_t i = 0; i < n; ++i) {
    std::uint16_t h;
    std::memcpy(&h, p + 2 * i, 2);
    out[i] = __builtin_bit_cast(float, static_cast<std::uint32_t>(h) << 16);
  }
}

}  // namespace ponder::dequant
