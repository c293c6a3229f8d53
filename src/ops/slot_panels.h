// Vectors of the positions of a path as operands of matrix products (gemm.h): gathered from their
// slots, wherever these lie, into packed panels. Not the products.
#pragma once

#include <cstddef>
#include <span>

#include "base/kv_run.h"
#include "ops/gemm.h"

namespace ponder {

/// How vectors are kept, and with it the type of their products: half precision is widened to
/// float32.
enum class SlotType : std::uint8_t { kF32, kHalf, kBF16 };
inline std::size_t slot_type_bytes(SlotType t) { return t == SlotType::kF32 ? 4 : 2; }
inline Compute product_compute(SlotType t) {
  return t == SlotType::kBF16 ? Compute::kBF16 : Compute::kF32;
}
/// x (n) as it is kept, zeros up to a multiple of kPanel.
void store_vector(SlotType, const float* x, int n, std::byte* out);

inline constexpr int kSlotBlock = 128;  // slots whose vectors follow one another

/// One vector a slot: blocks of (kSlotBlock, width) at a distance of block_bytes, width a multiple
/// of kPanel.
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

/// Bytes of the panels of n positions in either form.
inline std::size_t slot_panel_bytes(const SlotVectors& v, int n) {
  return static_cast<std::size_t>(n) * v.width * compute_bytes(product_compute(v.type));
}

/// Positions [begin, begin + n) of a path, n a multiple of kPanel.
/// As outputs: n / kPanel panels of `width` inputs, for the products of rows with each vector; past
/// the path's end they hold anything.
void pack_as_outputs(const SlotVectors&, std::span<const KvRun>, int begin, int n,
                     std::byte* panels);
/// As inputs: width / kPanel panels of n inputs, for weighted sums of the vectors; zeros past the
/// path's end.
void pack_as_inputs(const SlotVectors&, std::span<const KvRun>, int begin, int n,
                    std::byte* panels);

}  // namespace ponder
