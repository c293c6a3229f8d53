// Every matrix-product kernel that this CPU can run, and keys and values of a head for them.
#pragma once

#include <algorithm>
#include <vector>

#include "ops/attention.h"

namespace ponder {

struct KernelCase {
  GemmKernel kernel;
  const char* name;
};

inline std::vector<KernelCase> kernels() {
  std::vector<KernelCase> all{{gemm::portable(Compute::kF32), "f32"},
                              {gemm::portable(Compute::kBF16), "bf16 portable"}};
  if (gemm::avx512_bf16_available())
    all.push_back({{Compute::kBF16, "", true, gemm::run_avx512_bf16}, "bf16 avx512"});
  if (gemm::amx_available())
    all.push_back({{Compute::kBF16, "", true, gemm::run_amx_bf16}, "bf16 amx"});
  return all;
}

/// Slots of one head: keys, then values of each block.
class HeadSlots {
 public:
  HeadSlots(Compute c, int n_slots, int head_dim)
      : compute_(c),
        head_dim_(head_dim),
        bytes_(round_up(head_dim, kPanel) * slot_type_bytes(key_type(c))),
        data_(2 * bytes_ * round_up(n_slots, kSlotBlock)) {
    std::fill_n(data_.data(), data_.size(), std::byte{0xff});  // not a number
  }
  void put(int slot, const float* key, const float* value) {
    std::byte* to =
        data_.data() + (slot / kSlotBlock * 2 * kSlotBlock + slot % kSlotBlock) * bytes_;
    store_vector(key_type(compute_), key, head_dim_, to);
    store_vector(value_type(compute_), value, head_dim_, to + kSlotBlock * bytes_);
  }
  KvHead head() const {
    return {data_.data(), data_.data() + kSlotBlock * bytes_, 2 * kSlotBlock * bytes_};
  }

 private:
  Compute compute_;
  int head_dim_;
  std::size_t bytes_;
  Buffer<std::byte> data_;
};

}  // namespace ponder
