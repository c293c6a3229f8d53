// Gathers the vectors of a path's positions from their slots, wherever these lie, into packed
// panels, the operands of matrix products (gemm.h). Not the products.
#pragma once

#include <cstddef>
#include <span>

#include "base/kv_run.h"
#include "ops/gemm.h"

namespace ponder {

/// How vectors are stored. This also sets the type of their products: half precision is widened to
/// float32.
enum class SlotType : std::uint8_t { kF32, kHalf, kBF16 };
inline std::size_t slot_type_bytes(SlotType t) { return t == SlotType::kF32 ? 4 : 2; }
inline Compute product_compute(SlotType t) {
  return t == SlotType::kBF16 ? Compute::kBF16 : Compute::kF32;
}
/// Writes x (n) to out as the type stores it, with zeros up to a multiple of kPanel.
void store_vector(SlotType, const float* x, int n, std::byte* out);

inline constexpr int kSlotBlock = 128;  // number of slots whose vectors follow one another

/// One vector per slot, in blocks of (kSlotBlock, width). Blocks start block_bytes apart; width is
/// a multiple of kPanel.
struct SlotVectors {
  SlotType type;
  int width;
  const std::byte* data;
  std::size_t block_bytes;
  std::size_t vector_bytes() const { return width * slot_type_bytes(type); }
  const std::byte* at(int slot) const {
    return data + slot / kSlotBlock * block_bytes + slot % kSlotBlock * vector_bytes();
  }
};

/// Bytes of the panels of n positions, in either of the two forms below.
inline std::size_t slot_panel_bytes(const SlotVectors& v, int n) {
  return static_cast<std::size_t>(n) * v.width * compute_bytes(product_compute(v.type));
}

/// Packs positions [begin, begin + n) of a path as outputs: n / kPanel panels of `width` inputs,
/// for the products of rows with each vector. n is a multiple of kPanel. Panels are undefined past
/// the path's end.
void pack_as_outputs(const SlotVectors&, std::span<const KvRun>, int begin, int n,
                     std::byte* panels);
/// Packs the same positions as inputs: width / kPanel panels of n inputs, for weighted sums of the
/// vectors; zeros past the path's end.
void pack_as_inputs(const SlotVectors&, std::span<const KvRun>, int begin, int n,
                    std::byte* panels);

}  // namespace ponder
