// KvStore: the numbers of a prefix tree by slot. Not the tree, nor the assignment of slots to nodes
// (prefix_tree.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "model/config.h"
#include "ops/attention.h"

namespace ponder {

/// Keys and values of all layers by slot, and the last hidden vector of each slot in compute form
/// (an operand of a matrix product).
struct KvStore {
  KvStore(const Config&, const GemmKernel&, int n_slots);
  static std::int64_t bytes_per_slot(const Config&, const GemmKernel&);
  void store(int layer, int head, int slot, const float* key,
             const float* value);  // key, value: (head_dim)
  KvHead head(int layer, int head) const;
  std::byte* hidden(int slot);  // one row of the operand A (gemm.h)

 private:
  std::size_t at(int layer, int head, int slot) const;  // byte offset of a key

  Compute compute_;
  int head_dim_;
  std::size_t n_heads_, vector_bytes_, hidden_bytes_;
  // byte offsets within a block, whose keys are at 0
  std::size_t values_at_, hidden_at_, block_bytes_;
  // Blocks of kSlotBlock slots. Each block: keys (n_layers, n_kv_heads, kSlotBlock), then as many
  // values, then (kSlotBlock) hidden vectors.
  Buffer<std::byte> blocks_;
};

}  // namespace ponder
