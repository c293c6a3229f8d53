// TQ1_0, TQ2_0: superblocks of 256 values of -1, 0, 1 with one half-precision scale: five to a byte
// in base 3, or four to a byte.
#include "gguf/dequant.h"

namespace ponder::dequant {
namespace {

// Digit n of a byte that holds a fraction of 256 in base 3, minus 1; the first digit is the
// highest.
std::int8_t ternary(std::uint8_t byte, int n) {
  constexpr std::uint8_t kPowers[] = {1, 3, 9, 27, 81};
  const auto rest = static_cast<std::uint8_t>(byte * kPowers[n]);
  return static_cast<std::int8_t>((rest * 3 >> 8) - 1);
}
// The first digits of `width` bytes, then the second ones, …
std::int8_t* put_digits(const std::uint8_t* q, int width, int digits, std::int8_t* level) {
  for (int n = 0; n < digits; ++n)
    for (int i = 0; i < width; ++i) *level++ = ternary(q[i], n);
  return level;
}

}  // namespace

void tq1_0(const std::byte* p, const Levels& out) {
  for (int j = 0; j < 8; ++j) set_32(out, j, load_half(p + 52));
  std::int8_t* level = put_digits(bytes(p), 32, 5, out.level);
  level = put_digits(bytes(p + 32), 16, 5, level);
  put_digits(bytes(p + 48), 4, 4, level);
}

void tq2_0(const std::byte* p, const Levels& out) {
  for (int j = 0; j < 8; ++j) set_32(out, j, load_half(p + 64));
  for (int v = 0; v < 256; ++v)
    out.level[v] =
        static_cast<std::int8_t>((bytes(p)[v / 128 * 32 + v % 32] >> (2 * (v % 128 / 32)) & 3) - 1);
}

}  // namespace ponder::dequant
