// Attention over the paths of a tree of prefixes. Vaswani et al. 2017; grouped queries, Ainslie et al. 2023; sliding
// windows. Rows that share the beginning of their path walk it once. All sums run in order of position, wherever the
// slots lie and whichever rows are beside: a row's bits depend on its own path alone.
#pragma once

#include <cstddef>
#include <span>

#include "ops/path.h"

namespace ponder {

struct AttentionShape {
  int group;       // query heads that share one key-value head
  int head_dim;    // multiple of 16
  float scale;     // of the scores
  float soft_cap;  // cap tanh(score / cap); 0: off
};

/// Keys are kept with 16 slots side by side, so that scores of 16 positions are one vector: (n_slots/16, head_dim, 16).
inline constexpr int kKeyBlock = 16;
void store_key(const float* key, int head_dim, int slot, float* keys);

/// One key-value head over all slots; keys 64-byte aligned.
struct KvHead {
  const float* keys;    // as store_key writes them
  const float* values;  // (n_slots, head_dim)
};

struct AttentionRow {
  const float* q;               // (group, head_dim)
  float* out;                   // (group, head_dim)
  float* lse;                   // (group) log of the sum of exp(score), for the derivative; may be null
  std::span<const KvRun> runs;  // positions 0 … p
  int first;                    // positions before it are outside the window
};

/// Rows that are best attended together.
inline int attention_rows(const AttentionShape& s) { return s.group >= 48 ? 1 : 48 / s.group; }
/// Floats that attend() works in, for n rows of paths of at most `longest` positions.
inline std::size_t attention_scratch(const AttentionShape& s, std::size_t n, int longest) {
  return n * s.group * (longest + kKeyBlock + 2 * s.head_dim + 1);
}
void attend(const AttentionShape&, const KvHead&, std::span<const AttentionRow> rows, float* scratch);

}  // namespace ponder
