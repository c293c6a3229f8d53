// IQ4_NL, IQ4_XS, MXFP4: four-bit indices into a fixed table of levels.
#include "gguf/dequant.h"

namespace ponder::dequant {
namespace {

constexpr float kLevels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
constexpr float kE2M1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};  // twice the values of FP4

}  // namespace

void iq4_nl(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 18, out += 32) {
    const float d = load_half(p);
    const std::uint8_t* q = bytes(p + 2);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * kLevels[q[i] & 15];
      out[i + 16] = d * kLevels[q[i] >> 4];
    }
  }
}

void iq4_xs(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 136) {
    const float d = load_half(p);
    std::uint16_t high;
    std::memcpy(&high, p + 2, 2);
    const std::uint8_t *low = bytes(p + 4), *q = bytes(p + 8);
    for (int j = 0; j < 8; ++j, q += 16, out += 32) {
      const int scale = ((low[j / 2] >> (4 * (j % 2))) & 15) | (((high >> (2 * j)) & 3) << 4);
      const float dl = d * static_cast<float>(scale - 32);
      for (int i = 0; i < 16; ++i) {
        out[i] = dl * kLevels[q[i] & 15];
        out[i + 16] = dl * kLevels[q[i] >> 4];
      }
    }
  }
}

void mxfp4(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 17, out += 32) {
    const int e = bytes(p)[0];
    const float d = std::ldexp(1.f, e - 128);  // half of 2^(e - 127): the levels are doubled
    const std::uint8_t* q = bytes(p + 1);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * kE2M1[q[i] & 15];
      out[i + 16] = d * kE2M1[q[i] >> 4];
    }
  }
}

}  // namespace ponder::dequant
