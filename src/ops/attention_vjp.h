// The derivative of attention (attention.h) for the rows of one reply: after a prefix, whose keys
// and values are constants, come the reply's own positions, one after another.
#pragma once

#include "ops/attention.h"

namespace ponder {

struct AttentionVjpRow {
  const float* q;               // (group, head_dim) as in the forward pass
  const float* lse;             // (group) as the forward pass wrote it
  const float* dout;            // (group, head_dim)
  float *dq, *dk, *dv;          // out: (group, head_dim), (head_dim), (head_dim)
  std::span<const KvRun> runs;  // positions 0 … p; row i has the position of row 0 plus i
  int first;                    // positions before `first` are outside the window
};

/// Working memory. It grows when needed and is kept.
struct AttentionVjpRoom {
  Buffer<std::byte> keys, values,
      keys_in;  // panels of all positions: keys and values packed as outputs, keys packed as inputs
  Buffer<float> q;         // (queries of a block, width)
  Buffer<std::byte> dout;  // (queries of a block, width), an operand of products
  // transpose of p or ds (own positions, queries), and the matrix that it is multiplied by
  Buffer<std::byte> turned, panels;
  Buffer<float> p, ds;       // (queries of a block, positions)
  Buffer<float> dq, dk, dv;  // (queries or own positions, width)
};
void attend_vjp(const GemmKernel&, const AttentionShape&, const KvHead&,
                std::span<const AttentionVjpRow> rows, AttentionVjpRoom&);

}  // namespace ponder
