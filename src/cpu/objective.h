// ObjectiveSweep: an objective's value on vocabulary rows and its derivative with respect to their
// last hidden vectors. Logits of a chunk of rows are made once, turned into d/d logits in place and
// carried back through the same matrix.
#pragma once

#include <span>
#include <vector>

#include "base/buffer.h"
#include "cpu/vocab_blocks.h"

namespace ponder {

class ObjectiveSweep {
 public:
  ObjectiveSweep(const Transformer& model, KvStore& kv) : model_(model), blocks_(model, kv) {}
  /// dhidden (rows of the kept pass, n_embd): written where a row is of that pass.
  void run(std::span<ObjectiveRow>, const Objective&, std::span<float> dhidden);

 private:
  static constexpr int kGroups =
      16;  // of vocabulary blocks whose sums are added in order: not a number of threads
  int row_stride() const;  // of logits, float32
  void run_chunk(std::span<ObjectiveRow>, const Objective&, std::span<float> dhidden);
  void make_logits(std::span<const ObjectiveRow>, const Objective&);
  void differentiate_row(ObjectiveRow&, const Objective&, int row);
  void to_operand(float* row, int n) const;
  void carry_back(std::span<const ObjectiveRow>, std::span<float> dhidden);

  const Transformer& model_;
  VocabBlocks blocks_;
  Buffer<std::byte> hidden_;
  Buffer<float> logits_;         // (rows, row_stride()), then d/d logits in compute type
  std::vector<BlockSums> sums_;  // (rows, blocks)
  Buffer<float> group_sums_;     // (groups, rows, padded n_embd)
};

}  // namespace ponder
