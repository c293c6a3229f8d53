// Dequantisation by block, as ggml's reference defines each type. One file a family; blocks may be unaligned.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ponder/gguf.h"

namespace ponder::dequant {

void f32(const std::byte*, std::int64_t, float*);
void f16(const std::byte*, std::int64_t, float*);
void bf16(const std::byte*, std::int64_t, float*);
void q4_0(const std::byte*, std::int64_t, float*);
void q4_1(const std::byte*, std::int64_t, float*);
void q5_0(const std::byte*, std::int64_t, float*);
void q5_1(const std::byte*, std::int64_t, float*);
void q8_0(const std::byte*, std::int64_t, float*);
void q2_k(const std::byte*, std::int64_t, float*);
void q3_k(const std::byte*, std::int64_t, float*);
void q4_k(const std::byte*, std::int64_t, float*);
void q5_k(const std::byte*, std::int64_t, float*);
void q6_k(const std::byte*, std::int64_t, float*);
void iq4_nl(const std::byte*, std::int64_t, float*);
void iq4_xs(const std::byte*, std::int64_t, float*);
void mxfp4(const std::byte*, std::int64_t, float*);

/// IEEE half to float, exact.
inline float half_to_float(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000u) << 16, exponent = (h >> 10) & 31u,
                      mantissa = h & 0x3ffu;
  std::uint32_t bits;
  if (exponent == 31) {
    bits = sign | 0x7f800000u | (mantissa << 13);
  } else if (exponent != 0) {
    bits = sign | ((exponent + 112) << 23) | (mantissa << 13);
  } else {  // zero or subnormal: mantissa 2^-24
    const float v = static_cast<float>(mantissa) * 0x1p-24f;
    bits = sign | __builtin_bit_cast(std::uint32_t, v);
  }
  return __builtin_bit_cast(float, bits);
}
inline float load_half(const std::byte* p) {
  std::uint16_t h;
  std::memcpy(&h, p, 2);
  return half_to_float(h);
}
inline std::uint32_t load_u32(const std::byte* p) {
  std::uint32_t u;
  std::memcpy(&u, p, 4);
  return u;
}
inline const std::uint8_t* bytes(const std::byte* p) { return reinterpret_cast<const std::uint8_t*>(p); }

}  // namespace ponder::dequant
