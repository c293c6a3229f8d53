// Quantised values as small integers, for products that read weights in few bits. Not for F32, F16,
// BF16.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ponder/model/gguf.h"

namespace ponder {

/// Value i is level[i] scale[i / 16] + offset[i / 16]. The product is exact in float32 for finite
/// scales, so a fused multiply-add gives the same bits as a product and a sum.
struct Levels {
  std::int8_t* level;     // (n)
  float *scale, *offset;  // (n / 16)
};

/// The range of a type's levels, known before any block is read.
struct LevelRange {
  int min, max;
  bool per_16;  // false: scales and offsets are the same for every 32
  // Bytes of a block at which the float16 values lie of which its scales and its offsets are int8
  // multiples (in a block of 32, the scale and the offset themselves). scale_unit -1: scales, and
  // offsets too, are no such multiples. offset_unit -1: every offset is -0.
  int scale_unit = -1, offset_unit = -1;
  bool minus = false;  // offsets are multiples of the unit's negative
};
/// Returns nullptr for types without levels.
const LevelRange* level_range(TensorType);
/// Unpacks n values (a multiple of the block size).
void split_levels(TensorType, const std::byte* blocks, std::int64_t n, Levels);

}  // namespace ponder
