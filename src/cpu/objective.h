// ObjectiveSweep: the value of an objective on vocabulary rows, and its derivative with respect to
// the last hidden vectors of these rows. Computes the logits of a chunk of rows once, overwrites
// them with d/d logits, and multiplies those by the same weight matrix, transposed.
#pragma once

#include <span>
#include <vector>

#include "base/buffer.h"
#include "cpu/vocab_blocks.h"

namespace ponder {

class ObjectiveSweep {
 public:
  ObjectiveSweep(const Transformer& model, KvStore& kv) : model_(model), blocks_(model, kv) {}
  /// Fills the results in the rows. dhidden (rows of the kept pass, n_embd) is written for those
  /// rows that the pass made.
  void run(std::span<ObjectiveRow>, const Objective&, std::span<float> dhidden);

 private:
  // The vocabulary blocks are added in this many groups, and the sums of the groups in their order.
  // A constant, so that the result does not depend on the number of threads.
  static constexpr int kGroups = 16;
  int row_stride() const;  // of the logits, in floats
  void run_chunk(std::span<ObjectiveRow>, const Objective&, std::span<float> dhidden);
  void make_logits(std::span<const ObjectiveRow>, const Objective&);
  void differentiate_row(ObjectiveRow&, const Objective&, int row);
  void to_operand(float* row, int n) const;
  void carry_back(std::span<const ObjectiveRow>, std::span<float> dhidden);

  const Transformer& model_;
  VocabBlocks blocks_;
  Buffer<std::byte> hidden_;
  Buffer<float> logits_;         // (rows, row_stride()) logits, later d/d logits in compute type
  std::vector<BlockSums> sums_;  // (rows, blocks)
  Buffer<float> group_sums_;     // (groups, rows, padded n_embd)
};

}  // namespace ponder
