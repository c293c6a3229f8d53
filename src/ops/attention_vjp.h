// The derivative of attention (attention.h) for the rows of one reply: a prefix whose keys and
// values are constant, then the reply's own positions, one after another.
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

/// Working memory, grown on use and kept.
struct AttentionVjpRoom {
  Buffer<std::byte> keys, values,
      keys_in;                       // panels of all positions: as outputs, as outputs, as inputs
  Buffer<float> q;                   // (queries of a block, width)
  Buffer<std::byte> dout;            // the same, operands
  Buffer<std::byte> turned, panels;  // (own positions, queries), and what it is multiplied by
  Buffer<float> p, ds;               // (queries of a block, positions)
  Buffer<float> dq, dk, dv;          // (queries or own positions, width)
};
void attend_vjp(const GemmKernel&, const AttentionShape&, const KvHead&,
                std::span<const AttentionVjpRow> rows, AttentionVjpRoom&);

}  // namespace ponder
