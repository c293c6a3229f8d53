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

struct LayerWeights {
  NormWeights attn_norm, ffn_norm, attn_post_norm, ffn_post_norm;  // (n_embd)
  NormWeights q_norm, k_norm;            // (head_dim), or all heads: (n_heads head_dim)
  Linear qkv, attn_out, gate, up, down;  // gate: empty if the activation has none
  std::vector<float> qkv_bias, attn_out_bias, gate_bias, up_bias, down_bias;
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
