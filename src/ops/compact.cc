// Repacking of levels.
#include "ops/compact.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "gguf/levels.h"

namespace ponder {
namespace {

// Where level (k, n) of a block goes, n of half a panel. A vector holds 16 levels: in bf16 pairs of inputs of eight
// outputs, in f32 one input of sixteen. Four-bit words hold eight consecutive vectors of their kind, eight-bit vectors
// follow one another.
void put(const CompactForm& f, Compute c, int k, int n, int level, std::uint8_t* out) {
  const bool pairs = c == Compute::kBF16;
  const int lane = pairs ? n % 8 * 2 + k % 2 : n;
  if (f.eight_bits) {
    const int vector = pairs ? k / 2 * 2 + n / 8 : k;
    out[vector * 16 + lane] = static_cast<std::uint8_t>(level);
    return;
  }
  const int word = pairs ? n / 8 : k / 8, nibble = pairs ? k / 2 % 8 : k % 8;
  std::uint8_t& byte = out[(word * 16 + lane) * 4 + nibble / 2];
  byte = static_cast<std::uint8_t>(byte | (level - f.zero) << (nibble % 2 * 4));
}

}  // namespace

std::optional<CompactForm> compact_form(std::span<const GgufTensor* const> parts) {
  CompactForm f;
  int min = 127, max = -128;
  for (const GgufTensor* t : parts) {
    const LevelRange* range = level_range(t->type);
    if (!range || t->shape[0] % kKBlock != 0) return std::nullopt;
    min = std::min(min, range->min);
    max = std::max(max, range->max);
    f.per_16 |= range->per_16;
  }
  f.eight_bits = max - min > 15;
  f.zero = f.eight_bits ? 0 : min;
  return f;
}

void pack_compact(const CompactForm& f, Compute compute, std::span<const TensorRow> rows, int n_in, std::byte* out) {
  std::memset(out, 0, f.panel_bytes(n_in));
  std::vector<std::int8_t> level(n_in);
  std::vector<float> scale(n_in / 16), offset(n_in / 16);
  for (int n = 0; n < kPanel; ++n) {
    if (!rows[n].blocks) continue;
    split_levels(rows[n].type, rows[n].blocks, n_in, {level.data(), scale.data(), offset.data()});
    const int half = n / 16, n_blocks = n_in / kKBlock;
    const std::size_t scale_bytes = f.groups() * std::size_t{128};
    for (int b = 0; b < n_blocks; ++b) {
      const bool side_by_side = compute == Compute::kBF16;
      std::byte* block = out + (side_by_side ? 2 * b : half * n_blocks + b) * f.block_bytes();
      auto* scales = reinterpret_cast<float*>(block + (side_by_side ? half * scale_bytes : 0));
      for (int g = 0; g < f.groups(); ++g) {
        scales[g * 16 + n % 16] = scale[b * 2 + g];
        scales[(f.groups() + g) * 16 + n % 16] = offset[b * 2 + g];
      }
      auto* levels = reinterpret_cast<std::uint8_t*>(block + (side_by_side ? 2 : 1) * scale_bytes);
      for (int k = 0; k < kKBlock; ++k) {
        // In bf16 16 inputs of one half, then of the other.
        const int input = side_by_side ? k % 16 : k, turn = side_by_side ? k / 16 * 2 + half : 0;
        put(f, compute, input, n % 16, level[b * kKBlock + k], levels + turn * f.level_bytes() / 2);
      }
    }
  }
}

}  // namespace ponder
