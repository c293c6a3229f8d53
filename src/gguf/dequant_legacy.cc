// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0: blocks of 32 values with one half-precision scale, and a minimum in
// the _1 types. Low nibbles are values 0-15, high nibbles 16-31.
#include "gguf/dequant.h"

namespace ponder::dequant {
namespace {

// Unpacks q (16 bytes), with one more bit a value in the five-bit types, and subtracts `zero`.
void nibbles(const std::uint8_t* q, std::uint32_t high, int zero, std::int8_t* level) {
  for (int i = 0; i < 16; ++i) {
    level[i] =
        static_cast<std::int8_t>(static_cast<int>((q[i] & 15u) | ((high >> i & 1u) << 4)) - zero);
    level[i + 16] = static_cast<std::int8_t>(
        static_cast<int>((q[i] >> 4) | ((high >> (i + 16) & 1u) << 4)) - zero);
  }
}

}  // namespace

void q4_0(const std::byte* p, const Levels& out) {
  set_32(out, 0, load_half(p));
  nibbles(bytes(p + 2), 0, 8, out.level);
}
void q4_1(const std::byte* p, const Levels& out) {
  set_32(out, 0, load_half(p), load_half(p + 2));
  nibbles(bytes(p + 4), 0, 0, out.level);
}
void q5_0(const std::byte* p, const Levels& out) {
  set_32(out, 0, load_half(p));
  nibbles(bytes(p + 6), load_u32(p + 2), 16, out.level);
}
void q5_1(const std::byte* p, const Levels& out) {
  set_32(out, 0, load_half(p), load_half(p + 2));
  nibbles(bytes(p + 8), load_u32(p + 4), 0, out.level);
}
void q8_0(const std::byte* p, const Levels& out) {
  set_32(out, 0, load_half(p));
  std::memcpy(out.level, p + 2, 32);
}

}  // namespace ponder::dequant
