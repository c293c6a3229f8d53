// Q2_K … Q6_K: superblocks of 256 values, sub-blocks of 16 or 32 with small integer scales (and
// minima).
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

void q2_k(const std::byte* p, const Levels& out) {
  const std::uint8_t *scales = bytes(p), *q = bytes(p + 16);
  const float d = load_half(p + 80), dmin = load_half(p + 82);
  std::int8_t* level = out.level;
  for (int j = 0; j < 16; ++j) {
    out.scale[j] = d * static_cast<float>(scales[j] & 15);
    out.offset[j] = -(dmin * static_cast<float>(scales[j] >> 4));
    const std::uint8_t* row = q + j / 8 * 32 + j % 2 * 16;
    for (int i = 0; i < 16; ++i)
      *level++ = static_cast<std::int8_t>((row[i] >> (j % 8 / 2 * 2)) & 3);
  }
}

void q3_k(const std::byte* p, const Levels& out) {
  const std::uint8_t *high = bytes(p), *q = bytes(p + 32), *s = bytes(p + 96);
  const float d = load_half(p + 108);
  std::int8_t* level = out.level;
  for (int j = 0; j < 16; ++j) {  // scales of six bits each: low nibbles first, then two high bits
    const int low = j < 8 ? s[j] & 15 : s[j - 8] >> 4;
    out.scale[j] =
        d * static_cast<float>((low | (((s[8 + j % 4] >> (2 * (j / 4))) & 3) << 4)) - 32);
    out.offset[j] = kNoOffset;
    const int half = j / 8, shift = j % 8 / 2;
    for (int i = j % 2 * 16; i < j % 2 * 16 + 16; ++i) {
      const int bit = (high[i] >> (half * 4 + shift)) & 1;
      *level++ = static_cast<std::int8_t>(((q[half * 32 + i] >> (2 * shift)) & 3) - (bit ? 0 : 4));
    }
  }
}

void q4_k(const std::byte* p, const Levels& out) {
  const float d = load_half(p), dmin = load_half(p + 2);
  std::int8_t* level = out.level;
  for (int j = 0; j < 8; ++j) {
    int sc, m;
    scale_min(bytes(p + 4), j, sc, m);
    set_32(out, j, d * static_cast<float>(sc), -(dmin * static_cast<float>(m)));
    const std::uint8_t* row = bytes(p + 16) + j / 2 * 32;
    for (int i = 0; i < 32; ++i)
      *level++ = static_cast<std::int8_t>(j % 2 ? row[i] >> 4 : row[i] & 15);
  }
}

void q5_k(const std::byte* p, const Levels& out) {
  const float d = load_half(p), dmin = load_half(p + 2);
  const std::uint8_t* high = bytes(p + 16);
  std::int8_t* level = out.level;
  for (int j = 0; j < 8; ++j) {
    int sc, m;
    scale_min(bytes(p + 4), j, sc, m);
    set_32(out, j, d * static_cast<float>(sc), -(dmin * static_cast<float>(m)));
    const std::uint8_t* row = bytes(p + 48) + j / 2 * 32;
    for (int i = 0; i < 32; ++i)
      *level++ =
          static_cast<std::int8_t>((j % 2 ? row[i] >> 4 : row[i] & 15) + ((high[i] >> j & 1) << 4));
  }
}

void q6_k(const std::byte* p, const Levels& out) {
  const std::uint8_t *low = bytes(p), *high = bytes(p + 128), *s = bytes(p + 192);
  const float d = load_half(p + 208);
  for (int j = 0; j < 16; ++j) {
    out.scale[j] = d * static_cast<float>(static_cast<std::int8_t>(s[j]));
    out.offset[j] = kNoOffset;
  }
  for (int v = 0; v < 256; ++v) {
    const int half = v / 128, quarter = v % 128 / 32, i = v % 32;
    const std::uint8_t nibbles = low[half * 64 + (quarter % 2) * 32 + i];
    const int q = (quarter < 2 ? nibbles & 15 : nibbles >> 4) |
                  (((high[half * 32 + i] >> (2 * quarter)) & 3) << 4);
    out.level[v] = static_cast<std::int8_t>(q - 32);
  }
}

}  // namespace ponder::dequant
