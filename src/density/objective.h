// ObjectiveSweep: an objective's value on vocabulary rows and its derivative with respect to their
// last hidden vectors. Logits of a chunk of rows are made once, turned into d/d logits in place and
// carried back through the same matrix.
#pragma once

#include <span>
#include <vector>

#include "base/buffer.h"
#include "model/transformer.h"
#include "ops/reduce.h"
#include "ponder/density/gradient.h"

namespace ponder {

struct ObjectiveRow {
  const std::byte* hidden = nullptr;  // one row of A
  const TokenMask* mask = nullptr;    // nullptr: all ids
  std::span<const Token> candidates;  // (m)
  std::span<const float> weights;     // (m); empty: all ones
  std::size_t reply = 0, t = 0;
  float* dhidden = nullptr;  // (n_embd) written; nullptr: nothing flows back
  float* direct = nullptr;   // (m) d value / d weights through this row; nullptr: not wanted
  double value = 0, logprob = 0, lz = 0;
};

class ObjectiveSweep {
 public:
  explicit ObjectiveSweep(const Transformer& model) : model_(model) {}
  void run(std::span<ObjectiveRow>, const Objective&);

 private:
  static constexpr int kGroups =
      16;  // of vocabulary blocks whose sums are added in order: not a number of threads
  int row_stride() const;  // of logits, float32
  int n_blocks() const;    // of columns of logits made at once
  void run_chunk(std::span<ObjectiveRow>, const Objective&);
  void make_logits(std::span<const ObjectiveRow>, const Objective&);
  void differentiate_row(ObjectiveRow&, const Objective&, int row);
  void to_operand(float* row, int n) const;
  void carry_back(std::span<const ObjectiveRow>);

  const Transformer& model_;
  Buffer<std::byte> a_;          // (rows, a_stride(n_embd))
  Buffer<float> logits_;         // (rows, row_stride()), then d/d logits in compute type
  std::vector<BlockSums> sums_;  // (rows, blocks)
  Buffer<float> dhidden_;        // (groups, rows, padded n_embd)
};

}  // namespace ponder
