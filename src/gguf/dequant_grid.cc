// IQ1_S … IQ3_S: superblocks of 256 values, which are indices into a codebook of vectors of four or
// eight values (iquant_grids.h), with signs in IQ2 and IQ3 and a shift of an eighth in IQ1.
#include "gguf/dequant.h"
#include "gguf/iquant_grids.h"

namespace ponder::dequant {
namespace {

// What the digits of an entry stand for.
constexpr std::int8_t kIq2[4] = {8, 25, 43, 0};  // no entry has a digit 3
constexpr std::int8_t kIq3Xxs[8] = {4, 12, 20, 28, 36, 44, 52, 62};
constexpr std::int8_t kIq3S[8] = {1, 3, 5, 7, 9, 11, 13, 15};

std::int8_t signed_level(int level, unsigned signs, int i) {
  return static_cast<std::int8_t>(signs >> i & 1 ? -level : level);
}
// Eight values of IQ2; bit i of `signs` is set where value i is negative.
void put_eight(unsigned entry, unsigned signs, std::int8_t* level) {
  for (int i = 0; i < 8; ++i) level[i] = signed_level(kIq2[entry >> (2 * i) & 3], signs, i);
}
// Eight values of IQ3, from two entries.
void put_fours(const std::int8_t* values, unsigned first, unsigned second, unsigned signs,
               std::int8_t* level) {
  const unsigned digits = first | second << 16;
  for (int i = 0; i < 8; ++i) level[i] = signed_level(values[digits >> (4 * i) & 7], signs, i);
}
// Eight signs stored in seven bits: the number of minus signs is even.
unsigned even_signs(unsigned seven) {
  seven &= 127;
  return seven | static_cast<unsigned>(__builtin_parity(seven)) << 7;
}
float half_odd(float d, unsigned scale, float unit) {  // d (scale + 1/2) unit
  return d * (0.5f + static_cast<float>(scale)) * unit;
}
unsigned load_u16(const std::byte* p) { return bytes(p)[0] | bytes(p)[1] << 8; }
unsigned nibble(const std::uint8_t* p, int i) { return p[i / 2] >> (4 * (i % 2)) & 15; }
void set_16(const Levels& out, int j, float scale) {
  out.scale[j] = scale;
  out.offset[j] = kNoOffset;
}

}  // namespace

void iq2_xxs(const std::byte* p, const Levels& out) {
  const float d = load_half(p);
  for (int j = 0; j < 8; ++j) {
    const std::byte* group = p + 2 + 8 * j;
    const std::uint32_t signs = load_u32(group + 4);  // 4 times 7 bits, and the scale
    set_32(out, j, half_odd(d, signs >> 28, 0.25f));
    for (int k = 0; k < 4; ++k)
      put_eight(kIq2XxsGrid[bytes(group)[k]], even_signs(signs >> (7 * k)),
                out.level + 32 * j + 8 * k);
  }
}

void iq2_xs(const std::byte* p, const Levels& out) {
  const float d = load_half(p);
  for (int j = 0; j < 16; ++j) set_16(out, j, half_odd(d, nibble(bytes(p + 66), j), 0.25f));
  for (int k = 0; k < 32; ++k) {
    const unsigned q = load_u16(p + 2 + 2 * k);
    put_eight(kIq2XsGrid[q & 511], even_signs(q >> 9), out.level + 8 * k);
  }
}

void iq2_s(const std::byte* p, const Levels& out) {
  const float d = load_half(p);
  const std::uint8_t *q = bytes(p + 2), *signs = bytes(p + 34), *high = bytes(p + 66);
  for (int j = 0; j < 16; ++j) set_16(out, j, half_odd(d, nibble(bytes(p + 74), j), 0.25f));
  for (int k = 0; k < 32; ++k) {
    const unsigned index = q[k] | (high[k / 4] >> (2 * (k % 4)) & 3u) << 8;
    put_eight(kIq2SGrid[index], signs[k], out.level + 8 * k);
  }
}

void iq3_xxs(const std::byte* p, const Levels& out) {
  const float d = load_half(p);
  const std::uint8_t* q = bytes(p + 2);
  for (int j = 0; j < 8; ++j) {
    const std::uint32_t signs = load_u32(p + 66 + 4 * j);  // 4 times 7 bits, and the scale
    set_32(out, j, half_odd(d, signs >> 28, 0.5f));
    for (int k = 4 * j; k < 4 * j + 4; ++k)
      put_fours(kIq3Xxs, kIq3XxsGrid[q[2 * k]], kIq3XxsGrid[q[2 * k + 1]],
                even_signs(signs >> (7 * (k % 4))), out.level + 8 * k);
  }
}

void iq3_s(const std::byte* p, const Levels& out) {
  const float d = load_half(p);
  const std::uint8_t *q = bytes(p + 2), *high = bytes(p + 66), *signs = bytes(p + 74);
  for (int j = 0; j < 8; ++j)
    set_32(out, j, d * static_cast<float>(1 + 2 * nibble(bytes(p + 106), j)));
  const auto entry = [&](int i) { return kIq3SGrid[q[i] | (high[i / 8] >> (i % 8) & 1u) << 8]; };
  for (int k = 0; k < 32; ++k)
    put_fours(kIq3S, entry(2 * k), entry(2 * k + 1), signs[k], out.level + 8 * k);
}

// A value is d (2 s + 1) (grid ± 1/8); the sign belongs to 32 values, so the eighth is an offset.
void iq1_s(const std::byte* p, const Levels& out) {
  const float d = load_half(p);
  for (int j = 0; j < 8; ++j) {
    const unsigned high = load_u16(p + 34 + 2 * j);
    const float scale = d * static_cast<float>(2 * (high >> 12 & 7) + 1);
    set_32(out, j, scale, scale * (high >> 15 ? -0.125f : 0.125f));
    for (int k = 0; k < 4; ++k) {
      const unsigned entry = kIq1Grid[bytes(p + 2)[4 * j + k] | (high >> (3 * k) & 7) << 8];
      for (int i = 0; i < 8; ++i)
        out.level[32 * j + 8 * k + i] = static_cast<std::int8_t>((entry >> (2 * i) & 3) - 1);
    }
  }
}

// The same, but the sign belongs to eight values, so that levels are eighths: 8 grid ± 1.
void iq1_m(const std::byte* p, const Levels& out) {
  const std::uint8_t *q = bytes(p), *high = bytes(p + 32);
  unsigned half = 0;  // the scale d: four bits in each of four words
  for (int w = 0; w < 4; ++w) half |= load_u16(p + 48 + 2 * w) >> 12 << (4 * w);
  const float d = half_to_float(static_cast<std::uint16_t>(half));
  for (int j = 0; j < 16; ++j) {
    const unsigned s = load_u16(p + 48 + j / 4 * 2) >> (3 * (j % 4)) & 7;
    set_16(out, j, d * static_cast<float>(2 * s + 1) * 0.125f);
  }
  for (int k = 0; k < 32; ++k) {
    const unsigned h = nibble(high, k), entry = kIq1Grid[q[k] | (h & 7) << 8];
    const int shift = h & 8 ? -1 : 1;
    for (int i = 0; i < 8; ++i)
      out.level[8 * k + i] =
          static_cast<std::int8_t>(8 * (static_cast<int>(entry >> (2 * i) & 3) - 1) + shift);
  }
}

}  // namespace ponder::dequant
