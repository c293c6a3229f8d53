// The derivative of attention (attention.h) for the rows of one reply: a prefix whose keys and values are constant,
// then the reply's own positions, one after another.
#pragma once

#include "ops/attention.h"

namespace ponder {

struct AttentionVjpRow {
  const float* q;               // (group, head_dim) as in the forward pass
  const float* lse;             // (group) as the forward pass left it
  const float* dout;            // (group, head_dim)
  float *dq, *dk, *dv;          // (group, head_dim), (head_dim), (head_dim): written
  std::span<const KvRun> runs;  // positions 0 … p; row i's position is row 0's plus i
  int first;                    // positions before it are outside the window
};

/// Floats that attend_vjp works in, for n rows whose last path has n_positions.
std::size_t attention_vjp_scratch(const AttentionShape&, std::size_t n, int n_positions);
void attend_vjp(const AttentionShape&, const KvHead&, std::span<const AttentionVjpRow> rows, float* scratch);

}  // namespace ponder
