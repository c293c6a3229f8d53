// Compact weights: repacks the levels of quantised tensors.
#include "ops/compact.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "gguf/levels.h"

namespace ponder {
namespace {

// Writes the levels of a block of one output, number n of half a panel, to the places where
// products read them. A vector holds 16 levels: in bf16, pairs of inputs of eight outputs; in f32,
// one input of sixteen outputs. In bf16, out holds both halves, 16 inputs of each in turn.
void put_eight_bits(Compute c, const std::int8_t* level, int n, int half, std::int8_t* out) {
  for (int k = 0; k < kKBlock; ++k) {
    const int at = c == Compute::kF32 ? k * 16 + n
                                      : (k / 16 * 2 + half) * 256 + (k % 16 / 2 * 2 + n / 8) * 16 +
                                            n % 8 * 2 + k % 2;
    out[at] = level[k];
  }
}

// The same for four-bit levels. A 32-bit word holds eight levels of one lane: eight consecutive
// inputs in f32, every other input in bf16.
void put_four_bits(Compute c, const std::int8_t* level, int zero, int n, int half,
                   std::uint32_t* out) {
  for (int w = 0; w < kKBlock / 8; ++w) {
    const bool pairs = c == Compute::kBF16;
    const int first = pairs ? w / 2 * 16 + w % 2 : w * 8, step = pairs ? 2 : 1;
    std::uint32_t word = 0;
    for (int i = 0; i < 8; ++i)
      word |= static_cast<std::uint32_t>(level[first + i * step] - zero) << (4 * i);
    out[pairs ? (w / 2 * 2 + half) * 32 + n * 2 + w % 2 : w * 16 + n] = word;
  }
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

void pack_compact(const CompactForm& f, Compute compute, std::span<const TensorRow> rows, int n_in,
                  std::byte* out) {
  std::memset(out, 0, f.panel_bytes(n_in));
  std::vector<std::int8_t> level(n_in);
  std::vector<float> scale(n_in / 16), offset(n_in / 16);
  for (int n = 0; n < kPanel; ++n) {
    if (!rows[n].blocks) continue;
    split_levels(rows[n].type, rows[n].blocks, n_in, {level.data(), scale.data(), offset.data()});
    const bool turns = compute == Compute::kBF16;  // the two halves are interleaved
    const int half = n / 16, n_blocks = n_in / kKBlock;
    const std::size_t scale_bytes = f.groups() * std::size_t{128};
    for (int b = 0; b < n_blocks; ++b) {
      std::byte* block = out + (turns ? 2 * b : half * n_blocks + b) * f.block_bytes();
      auto* scales = reinterpret_cast<float*>(block + (turns ? half * scale_bytes : 0));
      for (int g = 0; g < f.groups(); ++g) {
        scales[g * 16 + n % 16] = scale[b * 2 + g];
        scales[(f.groups() + g) * 16 + n % 16] = offset[b * 2 + g];
      }
      std::byte* levels = block + (turns ? 2 : 1) * scale_bytes;
      if (f.eight_bits) {
        put_eight_bits(compute, &level[b * kKBlock], n % 16, half,
                       reinterpret_cast<std::int8_t*>(levels));
      } else {
        put_four_bits(compute, &level[b * kKBlock], f.zero, n % 16, half,
                      reinterpret_cast<std::uint32_t*>(levels));
      }
    }
  }
}

}  // namespace ponder
