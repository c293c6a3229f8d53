// Transformer: a model's Config, weights and kernels, and its forward pass over rows of a prefix tree. All
// architectures are this one pass; what differs is in the Config. Not the tree (prefix_tree.h) nor the vocabulary
// rows (density/row_reduce.h).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "model/config.h"
#include "model/weights.h"
#include "ops/attention.h"
#include "ponder/model.h"

namespace ponder {

/// Rows to push through the network, parents before children. Row i sees the slots of runs[first_run[i] …).
struct ForwardBatch {
  std::vector<Token> tokens;
  std::vector<int> positions, slots;
  std::vector<KvRun> runs;
  std::vector<std::uint32_t> first_run;  // (n + 1)
  int n() const { return static_cast<int>(tokens.size()); }
};

/// Keys and values of all layers by slot, and the last hidden vector of each slot in compute form.
struct KvStore {
  KvStore(const Config&, const GemmKernel&, int n_slots);
  static std::int64_t bytes_per_slot(const Config&, const GemmKernel&);
  float* keys(int layer, int head) { return keys_.data() + (layer * n_heads_ + head) * head_size_; }
  float* values(int layer, int head) { return values_.data() + (layer * n_heads_ + head) * head_size_; }
  std::byte* hidden(int slot) { return hidden_.data() + static_cast<std::size_t>(slot) * hidden_stride_; }
  std::size_t hidden_stride() const { return hidden_stride_; }  // bytes: one row of A

 private:
  std::size_t n_heads_, head_size_, hidden_stride_;
  Buffer<float> keys_, values_;  // (n_layers, n_kv_heads) of what KvHead holds
  Buffer<std::byte> hidden_;     // (n_slots, a_stride(n_embd)) after the output norm
};

/// Working memory of a forward pass, grown on first use and kept.
struct ForwardScratch {
  Buffer<float> x, wide, narrow, attended, cosines, sines;
  Buffer<std::byte> a;
};

class Transformer final : public Model {
 public:
  Transformer(std::shared_ptr<const GgufFile>, Config, Weights, const GemmKernel&, ModelInfo);
  const ModelInfo& info() const override { return info_; }
  const GgufFile& file() const override { return *file_; }
  const Config& config() const { return config_; }
  const Weights& weights() const { return weights_; }
  const GemmKernel& kernel() const { return *kernel_; }

  static constexpr int kMaxRows = 512;  // of one pass
  /// Writes keys, values and last hidden vectors of the rows' slots. At most kMaxRows rows.
  void forward(const ForwardBatch&, KvStore&, ForwardScratch&) const;

 private:
  void embed(const ForwardBatch&, ForwardScratch&) const;
  void rope_angles(const ForwardBatch&, const RopeTable&, float* cosines, float* sines) const;
  void attention(int layer, const ForwardBatch&, KvStore&, ForwardScratch&) const;
  void attend_heads(int layer, const ForwardBatch&, KvStore&, ForwardScratch&) const;
  void feed_forward(int layer, int n, ForwardScratch&) const;
  void norm_row(const NormWeights&, const float* x, int n, float* out) const;
  void to_a(const float* x, int n, int row, ForwardScratch&) const;  // row of s.a, n wide
  void residual(int n, const NormWeights& post, const std::vector<float>& bias, const NormWeights* next,
                ForwardScratch&) const;

  std::shared_ptr<const GgufFile> file_;
  Config config_;
  Weights weights_;
  const GemmKernel* kernel_;
  ModelInfo info_;
};

}  // namespace ponder
