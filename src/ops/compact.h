// Compact weights: the levels of quantised tensors, repacked once in the order in which products of
// a few rows read them. One row needs every weight once, so its speed is the speed of reading
// memory: 6 bits per weight instead of 16. Levels are expanded in registers to the values of the
// packed panels and summed in the same order, which gives the same bits. Not for large batches,
// which read packed panels (gemm.h).
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "ops/gemm.h"
#include "ponder/model/gguf.h"

namespace ponder {

/// How the levels of a matrix are stored. A block is 32 inputs of half a panel (16 outputs):
///   scales, offsets: (groups, 16) float32 each; then the levels. The four-bit form stores
///   level - zero.
/// A panel is its blocks in the order of inputs; in f32 one half-panel follows the other. In bf16
/// the two halves of a block are interleaved, in the order in which they are read: the scales and
/// offsets of each half, then the levels of 16 inputs of each half, then those of the other 16
/// inputs.
struct CompactForm {
  bool eight_bits = false;
  bool per_16 = false;  // a block has two groups of 16 inputs, else one group of 32
  int zero = 0;

  int groups() const { return per_16 ? 2 : 1; }
  std::size_t level_bytes() const { return eight_bits ? 512 : 256; }
  std::size_t block_bytes() const {
    return static_cast<std::size_t>(groups()) * 128 + level_bytes();
  }
  std::size_t panel_bytes(int n_in) const {
    return 2 * block_bytes() * static_cast<std::size_t>(n_in / kKBlock);
  }
};

/// The form that can hold all of these tensors, stacked over their outputs. Empty if one of them
/// has no levels, or if n_in is not a multiple of kKBlock.
std::optional<CompactForm> compact_form(std::span<const GgufTensor* const> parts);

/// One output's weights as they are in the file. blocks is null beyond the last output.
struct TensorRow {
  TensorType type;
  const std::byte* blocks;
};
/// Packs one panel. rows: (kPanel); out: panel_bytes(n_in) bytes.
void pack_compact(const CompactForm&, Compute, std::span<const TensorRow> rows, int n_in,
                  std::byte* out);

}  // namespace ponder
