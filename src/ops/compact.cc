// Repacking of levels.
#include "ops/compact.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "gguf/levels.h"

namespace ponder {
namespace {

// Where level (k, n) of a block goes. In bf16 a vector holds pairs of inputs of eight outputs, in f32 one input of
// sixteen; four-bit words hold eight consecutive vectors, eight-bit vectors follow one another.
void put(const CompactForm& f, Compute c, int k, int n, int level, std::uint8_t* out) {
  int vector, lane;  // of the 32 vectors of 16 lanes
  if (c == Compute::kBF16) {
    vector = k / 2 * 2 + n / 8;
    lane = n % 8 * 2 + k % 2;
  } else {
    vector = k;
    lane = n;
  }
  if (f.eight_bits) {
    out[vector * 16 + lane] = static_cast<std::uint8_t>(level);
    return;
  }
  // bf16: words of the first eight outputs and of the others take turns.
  const int word = c == Compute::kBF16 ? vector / 16 * 2 + vector % 2 : vector / 8;
  const int nibble = c == Compute::kBF16 ? vector / 2 % 8 : vector % 8;
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
    for (int b = 0; b < n_in / kKBlock; ++b) {
      const int half = n / 16, at = compute == Compute::kBF16 ? 2 * b + half : half * (n_in / kKBlock) + b;
      std::byte* block = out + at * f.block_bytes();
      auto* scales = reinterpret_cast<float*>(block);
      for (int g = 0; g < f.groups(); ++g) {
        scales[g * 16 + n % 16] = scale[b * 2 + g];
        scales[(f.groups() + g) * 16 + n % 16] = offset[b * 2 + g];
      }
      auto* levels = reinterpret_cast<std::uint8_t*>(scales + f.groups() * 32);
      for (int k = 0; k < kKBlock; ++k) put(f, compute, k, n % 16, level[b * kKBlock + k], levels);
    }
  }
}

}  // namespace ponder
