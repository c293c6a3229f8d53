// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0: blocks of 32 values with one half-precision scale, and a minimum in the _1 types.
// Low nibbles are values 0-15, high nibbles 16-31.
#include "gguf/dequant.h"

namespace ponder::dequant {

void q4_0(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 18, out += 32) {
    const float d = load_half(p);
    const std::uint8_t* q = bytes(p + 2);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>((q[i] & 15) - 8) * d;
      out[i + 16] = static_cast<float>((q[i] >> 4) - 8) * d;
    }
  }
}

void q4_1(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 20, out += 32) {
    const float d = load_half(p), m = load_half(p + 2);
    const std::uint8_t* q = bytes(p + 4);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(q[i] & 15) * d + m;
      out[i + 16] = static_cast<float>(q[i] >> 4) * d + m;
    }
  }
}

void q5_0(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 22, out += 32) {
    const float d = load_half(p);
    const std::uint32_t high = load_u32(p + 2);
    const std::uint8_t* q = bytes(p + 6);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(static_cast<int>((q[i] & 15u) | ((high >> i & 1u) << 4)) - 16) * d;
      out[i + 16] = static_cast<float>(static_cast<int>((q[i] >> 4) | ((high >> (i + 16) & 1u) << 4)) - 16) * d;
    }
  }
}

void q5_1(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 24, out += 32) {
    const float d = load_half(p), m = load_half(p + 2);
    const std::uint32_t high = load_u32(p + 4);
    const std::uint8_t* q = bytes(p + 8);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>((q[i] & 15u) | ((high >> i & 1u) << 4)) * d + m;
      out[i + 16] = static_cast<float>((q[i] >> 4) | ((high >> (i + 16) & 1u) << 4)) * d + m;
    }
  }
}

void q8_0(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 34, out += 32) {
    const float d = load_half(p);
    const std::uint8_t* q = bytes(p + 2);
    for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(static_cast<std::int8_t>(q[i])) * d;
  }
}

}  // namespace ponder::dequant
