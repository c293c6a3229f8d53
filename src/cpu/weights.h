// Weights: the tensors of a model (model/tensors.h) in the form that this engine uses: matrices are
// packed for its products, or held as levels, or stay in the file (ops/linear.h). Tensors that a
// file does not have (biases, norms of some architectures) are empty.
#pragma once

#include <memory>
#include <vector>

#include "model/tensors.h"
#include "ops/linear.h"

namespace ponder {

struct NormWeights {
  std::vector<float> w, b;  // empty: the model has no such norm, or the norm has no bias
};

/// The mixture of experts of a layer. Empty if the model has none.
struct ExpertWeights {
  struct Expert {
    Linear gate, up, down;
  };
  // (n_embd, n_experts), always packed in float32: a rounded score could choose another expert
  Linear router;
  std::vector<Expert> experts;
  // (n_experts), (n_experts, n_ff), (n_experts, n_ff), (n_experts, n_embd); empty: no biases
  std::vector<float> router_bias, gate_bias, up_bias, down_bias;
  // the experts' matrices within the tensors of the file, which `experts` points to
  std::shared_ptr<const std::vector<GgufTensor>> matrices;
};

struct LayerWeights {
  NormWeights attn_norm, ffn_norm, attn_post_norm, ffn_post_norm;  // (n_embd)
  NormWeights q_norm, k_norm;            // (head_dim), or all heads: (n_heads head_dim)
  Linear qkv, attn_out, gate, up, down;  // gate: empty if the activation has none
  std::vector<float> qkv_bias, attn_out_bias, gate_bias, up_bias, down_bias;
  std::vector<float> sinks;  // (n_heads), if the model has them
  ExpertWeights experts;     // in place of gate, up and down
};

struct Weights {
  // (n_embd, n_vocab); a row is expanded when it is looked up
  const GgufTensor* token_embd = nullptr;
  const GgufTensor* position_embd = nullptr;  // (n_embd, n_ctx)
  NormWeights output_norm;
  Linear output;  // (n_embd, n_vocab); the token embedding if the two are tied
  std::vector<LayerWeights> layers;
  std::vector<std::shared_ptr<const GgufTensor>> views;  // matrices may be read through these
};

/// The bytes that the matrices of a file will need, known before they are loaded.
std::int64_t weight_bytes(const GgufFile&, const GemmKernel&, WeightForm);
Weights load_weights(const GgufFile&, const Tensors&, const GemmKernel&, WeightForm, int n_threads);

}  // namespace ponder
