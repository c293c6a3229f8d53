// Unpacking of quantised blocks, by type, as ggml's reference defines each; every family of types
// has a file. A block is unpacked into levels (small integers) with a scale and an offset for every
// 16 of them, from which types.cc computes the values. Blocks may be unaligned.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "gguf/levels.h"

namespace ponder::dequant {

/// Converts n values that are not quantised.
void f32(const std::byte*, std::int64_t n, float*);
void f16(const std::byte*, std::int64_t n, float*);
void bf16(const std::byte*, std::int64_t n, float*);

/// Unpack one block.
void q4_0(const std::byte*, const Levels&);
void q4_1(const std::byte*, const Levels&);
void q5_0(const std::byte*, const Levels&);
void q5_1(const std::byte*, const Levels&);
void q8_0(const std::byte*, const Levels&);
void q2_k(const std::byte*, const Levels&);
void q3_k(const std::byte*, const Levels&);
void q4_k(const std::byte*, const Levels&);
void q5_k(const std::byte*, const Levels&);
void q6_k(const std::byte*, const Levels&);
void iq4_nl(const std::byte*, const Levels&);
void iq4_xs(const std::byte*, const Levels&);
void mxfp4(const std::byte*, const Levels&);
void iq2_xxs(const std::byte*, const Levels&);
void iq2_xs(const std::byte*, const Levels&);
void iq2_s(const std::byte*, const Levels&);
void iq3_xxs(const std::byte*, const Levels&);
void iq3_s(const std::byte*, const Levels&);
void iq1_s(const std::byte*, const Levels&);
void iq1_m(const std::byte*, const Levels&);
void tq1_0(const std::byte*, const Levels&);
void tq2_0(const std::byte*, const Levels&);

// adding it changes no value, not even the sign of a zero
inline constexpr float kNoOffset = -0.f;

/// Sets scale and offset of levels [32 j, 32 j + 32).
inline void set_32(const Levels& out, int j, float scale, float offset = kNoOffset) {
  std::fill_n(out.scale + j * 2, 2, scale);
  std::fill_n(out.offset + j * 2, 2, offset);
}

/// IEEE half to float, exact.
inline float half_to_float(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000u) << 16,
                      exponent = (h >> 10) & 31u, mantissa = h & 0x3ffu;
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
inline const std::uint8_t* bytes(const std::byte* p) {
  return reinterpret_cast<const std::uint8_t*>(p);
}

}  // namespace ponder::dequant
