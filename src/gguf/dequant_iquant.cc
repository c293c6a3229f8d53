// IQ4_NL, IQ4_XS, MXFP4: four-bit indices into a fixed table of levels.
#include "gguf/dequant.h"

namespace ponder::dequant {
namespace {

constexpr std::int8_t kNonLinear[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                        1,    13,   25,  38,  53,  69,  89,  113};
// twice the values of FP4
constexpr std::int8_t kE2M1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

void look_up(const std::int8_t* table, const std::uint8_t* q, std::int8_t* level) {
  for (int i = 0; i < 16; ++i) {
    level[i] = table[q[i] & 15];
    level[i + 16] = table[q[i] >> 4];
  }
}

}  // namespace

void iq4_nl(const std::byte* p, const Levels& out) {
  set_32(out, 0, load_half(p));
  look_up(kNonLinear, bytes(p + 2), out.level);
}

void iq4_xs(const std::byte* p, const Levels& out) {
  const float d = load_half(p);
  std::uint16_t high;
  std::memcpy(&high, p + 2, 2);
  const std::uint8_t* low = bytes(p + 4);
  for (int j = 0; j < 8; ++j) {
    const int scale = ((low[j / 2] >> (4 * (j % 2))) & 15) | (((high >> (2 * j)) & 3) << 4);
    set_32(out, j, d * static_cast<float>(scale - 32));
    look_up(kNonLinear, bytes(p + 8) + j * 16, out.level + j * 32);
  }
}

void mxfp4(const std::byte* p, const Levels& out) {
  const int e = bytes(p)[0];
  set_32(out, 0, std::ldexp(1.f, e - 128));  // half of 2^(e - 127): the levels are doubled
  look_up(kE2M1, bytes(p + 1), out.level);
}

}  // namespace ponder::dequant
