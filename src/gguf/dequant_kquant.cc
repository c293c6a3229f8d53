// Q2_K … Q6_K: superblocks of 256 values, sub-blocks of 16 or 32 with small integer scales (and minima).
#include "gguf/dequant.h"

namespace ponder::dequant {
namespace {

// Six-bit scale and minimum j of the eight packed into 12 bytes (Q4_K, Q5_K).
void scale_min(const std::uint8_t* s, int j, int& scale, int& min) {
  if (j < 4) {
    scale = s[j] & 63;
    min = s[j + 4] & 63;
  } else {
    scale = (s[j + 4] & 15) | ((s[j - 4] >> 6) << 4);
    min = (s[j + 4] >> 4) | ((s[j] >> 6) << 4);
  }
}

}  // namespace

void q2_k(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 84) {
    const std::uint8_t *scales = bytes(p), *q = bytes(p + 16);
    const float d = load_half(p + 80), dmin = load_half(p + 82);
    for (int half = 0; half < 2; ++half, q += 32)
      for (int shift = 0; shift < 8; shift += 2)
        for (int sub = 0; sub < 2; ++sub) {
          const std::uint8_t sc = *scales++;
          const float scale = d * static_cast<float>(sc & 15), min = dmin * static_cast<float>(sc >> 4);
          for (int i = 0; i < 16; ++i) *out++ = scale * static_cast<float>((q[sub * 16 + i] >> shift) & 3) - min;
        }
  }
}

void q3_k(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 110) {
    const std::uint8_t *high = bytes(p), *q = bytes(p + 32), *s = bytes(p + 96);
    const float d = load_half(p + 108);
    int scales[16];  // six bits each: low nibbles first, then two high bits
    for (int j = 0; j < 16; ++j) {
      const int low = j < 8 ? s[j] & 15 : s[j - 8] >> 4;
      scales[j] = (low | (((s[8 + j % 4] >> (2 * (j / 4))) & 3) << 4)) - 32;
    }
    int j = 0;
    for (int half = 0; half < 2; ++half, q += 32)
      for (int shift = 0; shift < 4; ++shift)
        for (int sub = 0; sub < 2; ++sub) {
          const float scale = d * static_cast<float>(scales[j++]);
          for (int i = sub * 16; i < sub * 16 + 16; ++i) {
            const int bit = (high[i] >> (half * 4 + shift)) & 1;
            *out++ = scale * static_cast<float>(((q[i] >> (2 * shift)) & 3) - (bit ? 0 : 4));
          }
        }
  }
}

void q4_k(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 144) {
    const float d = load_half(p), dmin = load_half(p + 2);
    const std::uint8_t* q = bytes(p + 16);
    for (int j = 0; j < 8; ++j) {
      int sc, m;
      scale_min(bytes(p + 4), j, sc, m);
      const float scale = d * static_cast<float>(sc), min = dmin * static_cast<float>(m);
      const std::uint8_t* row = q + j / 2 * 32;
      for (int i = 0; i < 32; ++i) *out++ = scale * static_cast<float>(j % 2 ? row[i] >> 4 : row[i] & 15) - min;
    }
  }
}

void q5_k(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 176) {
    const float d = load_half(p), dmin = load_half(p + 2);
    const std::uint8_t *high = bytes(p + 16), *q = bytes(p + 48);
    for (int j = 0; j < 8; ++j) {
      int sc, m;
      scale_min(bytes(p + 4), j, sc, m);
      const float scale = d * static_cast<float>(sc), min = dmin * static_cast<float>(m);
      const std::uint8_t* row = q + j / 2 * 32;
      for (int i = 0; i < 32; ++i)
        *out++ = scale * static_cast<float>((j % 2 ? row[i] >> 4 : row[i] & 15) + ((high[i] >> j & 1) << 4)) - min;
    }
  }
}

void q6_k(const std::byte* p, std::int64_t n, float* out) {
  for (; n > 0; --n, p += 210, out += 256) {
    const std::uint8_t *low = bytes(p), *high = bytes(p + 128), *s = bytes(p + 192);
    const float d = load_half(p + 208);
    for (int v = 0; v < 256; ++v) {
      const int half = v / 128, quarter = v % 128 / 32, i = v % 32;
      const std::uint8_t nibbles = low[half * 64 + (quarter % 2) * 32 + i];
      const int q =
          ((quarter < 2 ? nibbles & 15 : nibbles >> 4) | (((high[half * 32 + i] >> (2 * quarter)) & 3) << 4)) - 32;
      out[v] = d * static_cast<float>(static_cast<std::int8_t>(s[v / 16])) * static_cast<float>(q);
    }
  }
}

}  // namespace ponder::dequant
