// KvStore: the place of the vectors of each layer, head and slot.
#include "cpu/kv_store.h"

namespace ponder {

KvStore::KvStore(const Config& c, const GemmKernel& kernel, int n_slots)
    : compute_(kernel.compute),
      head_dim_(c.head_dim),
      n_heads_(c.n_kv_heads),
      vector_bytes_(round_up(c.head_dim, kPanel) * slot_type_bytes(key_type(kernel.compute))),
      hidden_bytes_(a_stride(c.n_embd) * compute_bytes(kernel.compute)),
      values_at_(c.n_layers * n_heads_ * kSlotBlock * vector_bytes_),
      hidden_at_(2 * values_at_),
      block_bytes_(hidden_at_ + kSlotBlock * hidden_bytes_),
      blocks_(block_bytes_ * ((n_slots + kSlotBlock - 1) / kSlotBlock)) {}

std::size_t KvStore::at(int layer, int head, int slot) const {
  return slot / kSlotBlock * block_bytes_ +
         ((layer * n_heads_ + head) * kSlotBlock + slot % kSlotBlock) * vector_bytes_;
}

KvHead KvStore::head(int layer, int head) const {
  const std::byte* keys = blocks_.data() + at(layer, head, 0);
  return {keys, keys + values_at_, block_bytes_};
}

void KvStore::store(int layer, int head, int slot, const float* key, const float* value) {
  std::byte* to = blocks_.data() + at(layer, head, slot);
  store_vector(key_type(compute_), key, head_dim_, to);
  store_vector(value_type(compute_), value, head_dim_, to + values_at_);
}

std::byte* KvStore::hidden(int slot) {
  return blocks_.data() + slot / kSlotBlock * block_bytes_ + hidden_at_ +
         slot % kSlotBlock * hidden_bytes_;
}

std::int64_t KvStore::bytes_per_slot(const Config& c, const GemmKernel& kernel) {
  return static_cast<std::int64_t>(KvStore(c, kernel, 0).block_bytes_ / kSlotBlock);
}

}  // namespace ponder
