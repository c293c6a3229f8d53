// Compact weights: the levels of quantised tensors, repacked once in the order in which products of
// a few rows read them: little more than the bits of the file. One row needs every weight once, so
// its speed is the speed of reading memory. Levels are expanded, in registers for a few rows and
// into a tile for many, to the values of the packed panels (gemm.h), and summed in the same order,
// which gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ops/gemm.h"
#include "ponder/model/gguf.h"

namespace ponder {

/// How a matrix is stored. A block is 32 inputs of half a panel (16 outputs); some blocks in a row
/// share their units:
///   units: float16 scale (16), float16 offset (16);
///   each block: scales (groups, 16), offsets (groups, 16); then the levels. The four-bit form
///   stores level - zero.
/// What a form does not need, it does not store. A panel is its blocks in the order of inputs; in
/// f32 one half-panel follows the other. In bf16 the two halves are interleaved, in the order in
/// which they are read: the units of each half; then the scales and offsets of each half, the
/// levels of 16 inputs of each half, and those of the other 16 inputs.
struct CompactForm {
  enum class Scales : std::uint8_t {
    kFloats,    // a block has float32 scales and offsets; there are no units
    kHalves,    // the units are the scales and offsets, of one block
    kIntegers,  // a block has int8 multiples of the units, which eight blocks share
  };
  Scales scales = Scales::kFloats;
  bool offsets = true;  // false: every offset is -0, which changes no value
  bool eight_bits = false;
  bool per_16 = false;  // a block has two groups of 16 inputs, else one group of 32
  int zero = 0;
  bool operator==(const CompactForm&) const = default;

  constexpr int groups() const { return per_16 ? 2 : 1; }
  // scales, and offsets where they are stored
  constexpr int arrays() const { return offsets ? 2 : 1; }
  constexpr int blocks_of_unit() const { return scales == Scales::kIntegers ? 8 : 1; }
  constexpr std::size_t unit_bytes() const {
    return scales == Scales::kFloats ? 0 : static_cast<std::size_t>(arrays()) * 32;
  }
  constexpr std::size_t scale_bytes() const {
    constexpr std::size_t kBytes[] = {64, 0, 16};  // of 16 scales
    return kBytes[static_cast<std::size_t>(scales)] * groups() * arrays();
  }
  constexpr std::size_t level_bytes() const { return eight_bits ? 512 : 256; }
  /// Bytes of all blocks that share their units, of half a panel.
  std::size_t stretch_bytes() const {
    return unit_bytes() + blocks_of_unit() * (scale_bytes() + level_bytes());
  }
  /// Bytes of the first n inputs of half a panel.
  std::size_t bytes_before(int n) const {
    return stretch_bytes() * static_cast<std::size_t>(n / kKBlock / blocks_of_unit());
  }
  std::size_t panel_bytes(int n_in) const { return 2 * bytes_before(n_in); }
};

/// The narrowest form that can hold all of these tensors, stacked over their outputs. Empty if one
/// of them has no levels, or if n_in is not a multiple of kKBlock.
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
