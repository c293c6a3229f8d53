// KvStore: the numbers of a tree of prefixes, by slot. Not the tree, nor which node has which slot
// (prefix_tree.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "model/config.h"
#include "ops/attention.h"

namespace ponder {

/// Keys and values of all layers by slot, and the last hidden vector of each slot in compute form.
struct KvStore {
  KvStore(const Config&, const GemmKernel&, int n_slots);
  static std::int64_t bytes_per_slot(const Config&, const GemmKernel&);
  void store(int layer, int head, int slot, const float* key,
             const float* value);  // (head_dim) each
  KvHead head(int layer, int head) const;
  std::byte* hidden(int slot);  // one row of A

 private:
  std::size_t at(int layer, int head, int slot) const;  // of a key

  Compute compute_;
  int head_dim_;
  std::size_t n_heads_, vector_bytes_, hidden_bytes_;
  std::size_t values_at_, hidden_at_, block_bytes_;  // within a block: its keys are at 0
  Buffer<std::byte> blocks_;  // of kSlotBlock slots: (n_layers, n_kv_heads) keys, as many values,
                              // (kSlotBlock) hidden
};

}  // namespace ponder
