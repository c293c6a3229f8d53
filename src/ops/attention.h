// Attention over the paths of a prefix tree (Vaswani et al. 2017), with grouped queries (Ainslie et
// al. 2023) and sliding windows. Rows whose paths begin alike share the work on that beginning. All
// sums run in the order of positions, wherever the slots lie and whatever other rows are in the
// call, so the bits of a row depend on its own path alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/buffer.h"
#include "ops/slot_panels.h"

namespace ponder {

struct AttentionShape {
  int group;       // number of query heads that share one key-value head
  int head_dim;    // any size
  float scale;     // factor of the queries
  float soft_cap;  // scores become cap tanh(score / cap); 0: off
  // (group) For each query head a learned score in the softmax that has no value, so that the
  // weights of the keys sum to less than 1 (gpt-oss); null: none. The log-sum-exp includes it,
  // which is all that the derivative needs of it.
  const float* sinks = nullptr;

  int width() const { return round_up(head_dim, kPanel); }  // padded width of a stored key or value
};
/// Writes q (head_dim) to out (width()), scaled and padded with zeros, as the product with keys
/// needs it.
inline void scale_query(const AttentionShape& s, const float* q, float* out) {
  for (int k = 0; k < s.head_dim; ++k) out[k] = q[k] * s.scale;
  std::fill(out + s.head_dim, out + s.width(), 0.f);
}

/// When products are bf16, keys are stored in half precision: its 11 bits are enough to leave the
/// scores unchanged (docs/adr/0008-kv.md).
inline SlotType key_type(Compute c) {
  return c == Compute::kBF16 ? SlotType::kHalf : SlotType::kF32;
}
inline SlotType value_type(Compute c) {
  return c == Compute::kBF16 ? SlotType::kBF16 : SlotType::kF32;
}

/// One key-value head over all slots, stored in the blocks of slot_panels.h. Values from head_dim
/// to the padded width are zeros.
struct KvHead {
  const std::byte* keys;
  const std::byte* values;
  std::size_t block_bytes;
};

struct AttentionRow {
  const float* q;  // (group, head_dim)
  std::byte* out;  // (group, head_dim) in compute type
  float* lse;      // (group) log sum exp(score), which the derivative needs; may be null
  std::span<const KvRun> runs;  // positions 0 … p
  int first;                    // positions before `first` are outside the window
};

/// Working memory. It grows when needed and is kept.
struct AttentionRoom {
  Buffer<std::byte> panels;
  Buffer<float> q, scores, inverse, out, part;
};

/// The best number of rows for one call of attend().
inline int attention_rows(const AttentionShape& s) { return s.group >= 48 ? 1 : 48 / s.group; }
/// Attention of all `rows` over one key-value head. `kernel` sets the type of values and of the
/// output.
void attend(const GemmKernel& kernel, const AttentionShape&, const KvHead&,
            std::span<const AttentionRow> rows, AttentionRoom&);

}  // namespace ponder
