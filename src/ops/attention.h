// Attention over the paths of a tree of prefixes. Vaswani et al. 2017; grouped queries, Ainslie et
// al. 2023; sliding windows. Rows that share the beginning of their path walk it once. All sums run
// in order of position, wherever the slots lie and whichever rows are beside: a row's bits depend
// on its own path alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/buffer.h"
#include "ops/slot_panels.h"

namespace ponder {

struct AttentionShape {
  int group;       // query heads that share one key-value head
  int head_dim;    // any
  float scale;     // of the queries
  float soft_cap;  // cap tanh(score / cap); 0: off

  int width() const { return round_up(head_dim, kPanel); }  // of a stored key or value
};
/// q (head_dim) as scores want it: (width), scaled, then zeros.
inline void scale_query(const AttentionShape& s, const float* q, float* out) {
  for (int k = 0; k < s.head_dim; ++k) out[k] = q[k] * s.scale;
  std::fill(out + s.head_dim, out + s.width(), 0.f);
}

/// Beside bf16 products, keys have half precision, whose 11 bits leave the scores what they are
/// (docs/adr/0008-kv.md).
inline SlotType key_type(Compute c) {
  return c == Compute::kBF16 ? SlotType::kHalf : SlotType::kF32;
}
inline SlotType value_type(Compute c) {
  return c == Compute::kBF16 ? SlotType::kBF16 : SlotType::kF32;
}

/// One key-value head over all slots, in blocks as slot_panels.h has them, zeros from head_dim on.
struct KvHead {
  const std::byte* keys;
  const std::byte* values;
  std::size_t block_bytes;
};

struct AttentionRow {
  const float* q;  // (group, head_dim)
  std::byte* out;  // (group, head_dim) in compute type
  float* lse;      // (group) log of the sum of exp(score), for the derivative; may be null
  std::span<const KvRun> runs;  // positions 0 … p
  int first;                    // positions before it are outside the window
};

/// Working memory, grown on use and kept.
struct AttentionRoom {
  Buffer<std::byte> panels;
  Buffer<float> q, scores, inverse, out, part;
};

/// Rows that are best attended together.
inline int attention_rows(const AttentionShape& s) { return s.group >= 48 ? 1 : 48 / s.group; }
/// `kernel` gives the type of values and of what is written.
void attend(const GemmKernel& kernel, const AttentionShape&, const KvHead&,
            std::span<const AttentionRow> rows, AttentionRoom&);

}  // namespace ponder
