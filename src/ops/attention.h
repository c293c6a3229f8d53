// Attention of one position over the keys and values of its path in the prefix tree. Vaswani et al. 2017, grouped
// queries (Ainslie et al. 2023), sliding windows. The sums run in order of position, wherever the slots lie.
#pragma once

#include <span>

namespace ponder {

/// Consecutive slots that hold consecutive positions of a path.
struct KvRun {
  int slot, n;
};

struct AttentionShape {
  int group;       // query heads that share one key-value head
  int head_dim;    // multiple of 16
  int kv_stride;   // floats from a slot to the next
  float scale;     // of the scores
  float soft_cap;  // cap tanh(score / cap); 0: off
};

/// q, out: (group, head_dim). k, v: slot 0 of this key-value head. runs cover positions 0 … p; positions before `first`
/// are outside the window. scores: scratch (p + 1).
void attend(const AttentionShape&, const float* q, const float* k, const float* v, std::span<const KvRun> runs,
            int first, float* scores, float* out);

}  // namespace ponder
