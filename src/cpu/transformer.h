// Transformer: a model's Config, weights and kernels; its forward pass over rows of a prefix tree
// (transformer.cc; attend.cc for attention; mixture.cc for mixtures of experts); and the derivative
// of that pass (backward.cc). All architectures use this one pass; their differences are in the
// Config. Not the memory of a tree (engine.h), nor the vocabulary rows (row_reduce.h, objective.h).
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/buffer.h"
#include "cpu/experts.h"
#include "cpu/kv_store.h"
#include "cpu/tape.h"
#include "cpu/weights.h"
#include "model/config.h"
#include "model/engine.h"
#include "ops/attention.h"

namespace ponder {

/// Working memory of a pass. It grows when needed and is kept for the next pass.
struct ForwardScratch {
  Buffer<float> x, wide, narrow, cosines, sines;
  Buffer<std::byte> a, a_ff;  // operands of matrix products: (n, n_embd or q), (n, n_ff or more)
  ExpertRoom experts;
};

/// x += bias, where there is one.
void add_bias(float* x, const std::vector<float>& bias);

class Transformer {
 public:
  Transformer(std::shared_ptr<const GgufFile>, Config, Weights, const GemmKernel&, ModelInfo);
  const ModelInfo& info() const { return info_; }
  const Config& config() const { return config_; }
  const Weights& weights() const { return weights_; }
  const GemmKernel& kernel() const { return *kernel_; }
  /// The vectors that enter the first block for the mixtures: embeddings times any scale, without
  /// positions: (n, n_embd).
  void embeddings(std::span<const TokenMix>, std::span<float> out) const;
  void slopes(const SlopeRequest&) const;

  static constexpr int kMaxRows = 512;  // best number of rows in one pass
  /// Writes keys, values and the wanted last hidden vectors of the rows' slots.
  void forward(const ForwardBatch& b, KvStore& kv, ForwardScratch& s) const {
    run(b, kv, s, nullptr);
  }
  /// The same with the same bits; also writes to the tape what backward() needs.
  void forward(const ForwardBatch& b, KvStore& kv, ForwardScratch& s, Tape& tape) const {
    run(b, kv, s, &tape);
  }
  /// dx (n, n_embd): on entry d/d hidden (after the output norm), on return d/d the vectors that
  /// entered the first block. first_rows: the first row of each reply, and n at the end; the rows
  /// of a reply follow one another, and the keys before them are constants.
  void backward(const ForwardBatch&, std::span<const int> first_rows, KvStore&, Tape&,
                ForwardScratch&, float* dx) const;
  /// Makes the transposed weights with all threads, if there is enough memory. Must be called
  /// before a parallel loop that needs them: inside the loop, one thread would make them while the
  /// others wait.
  void prepare_backward() const { transposed(); }
  /// The transposed matrix of outputs [block kVocabBlock, (block + 1) kVocabBlock) of the
  /// vocabulary. If there is enough memory, all blocks are made once and kept; otherwise this block
  /// is made in `buffer`.
  static constexpr int kVocabBlock = 1024;
  const Linear& vocab_transposed(int block, Linear& buffer) const;

 private:
  struct LayerTransposed {
    Linear qkv, attn_out, gate_up, down;
  };
  struct Transposed {
    std::vector<LayerTransposed> layers;
    std::vector<Linear> vocab;
    // (n_layers, n_experts), each made when a row first uses the expert; null if there is too
    // little memory to keep them
    std::unique_ptr<ExpertTransposed[]> experts;
  };
  void run(const ForwardBatch&, KvStore&, ForwardScratch&, Tape*) const;
  void prepare(const ForwardBatch&, ForwardScratch&) const;
  LayerState layer_state(int layer, ForwardScratch&, Tape*) const;
  void embedding(Token, float* out) const;                // (n_embd)
  void mix(std::span<const TokenMix>, float* out) const;  // (n, n_embd); does not start threads
  void embed(const ForwardBatch&, float* x) const;
  void rope_angles(const ForwardBatch&, const RopeTable&, float* cosines, float* sines) const;
  void enter_layer(int layer, int n, const LayerState&, ForwardScratch&) const;
  void project(int layer, const ForwardBatch&, KvStore&, const LayerState&, ForwardScratch&) const;
  void attention(int layer, const ForwardBatch&, KvStore&, const LayerState&,
                 ForwardScratch&) const;
  void attend_heads(int layer, const ForwardBatch&, KvStore&, const LayerState&,
                    ForwardScratch&) const;
  void feed_forward(int layer, int n, const LayerState&, ForwardScratch&) const;
  void dense(int layer, int n, const LayerState&, ForwardScratch&) const;
  void mixture(int layer, int n, const LayerState&, ForwardScratch&) const;
  ExpertLayer expert_layer(int layer) const;
  void router_input(int layer, int n, const LayerState&, ForwardScratch&) const;
  void activate(int layer, int n, int column, int width, float* gate, float* up, const LayerState&,
                ForwardScratch&) const;
  ForwardBatch keep_wanted(const ForwardBatch&, const LayerState&) const;
  void leave(const ForwardBatch&, const float* x, KvStore&) const;
  void residual(int n, const float* from, float* branch, const NormWeights& post,
                const std::vector<float>& bias, float* to, const NormWeights* next,
                ForwardScratch&) const;
  AttentionShape attention_shape() const;
  void norm_row(const NormWeights&, const float* x, int n, float* out) const;
  void norm_pieces(const NormWeights&, float* x, int n) const;
  void scale_queries(int position, float* q) const;
  // of an operand with rows of n inputs
  std::byte* row_of(Buffer<std::byte>& a, std::int64_t row, int n) const;

  void feed_forward_vjp(const LayerTransposed&, int layer, int n, const LayerState&,
                        ForwardScratch&, float* dx) const;
  void dense_vjp(const LayerTransposed&, int layer, int n, const LayerState&,
                 ForwardScratch&) const;
  void mixture_vjp(int layer, int n, const LayerState&, ForwardScratch&) const;
  void attention_vjp(const LayerTransposed&, int layer, const ForwardBatch&,
                     std::span<const int> first_rows, KvStore&, const LayerState&, ForwardScratch&,
                     float* dx) const;
  void heads_vjp(int layer, const ForwardBatch&, std::span<const int> first_rows, KvStore&,
                 const LayerState&, ForwardScratch&) const;
  void branch_vjp(int n, const NormWeights& post, const float* branch, const float* dx,
                  ForwardScratch&) const;
  void norm_vjp(const NormWeights&, const float* x, int n, const float* dout, float* dx) const;
  void norm_pieces_vjp(const NormWeights&, const float* x, int n, float* g) const;
  const Transposed& transposed() const;  // empty if there is too little memory
  const LayerTransposed& layer_transposed(int layer, LayerTransposed& buffer) const;
  LayerTransposed transpose_layer(int layer, Pages&) const;
  Linear transpose_vocab(int block, Pages&, int n_threads) const;

  std::shared_ptr<const GgufFile> file_;  // keeps the file open: some weights are read from it
  Config config_;
  Weights weights_;
  const GemmKernel* kernel_;
  ModelInfo info_;
  mutable std::once_flag transpose_once_;
  mutable Transposed transposed_;
};

}  // namespace ponder
