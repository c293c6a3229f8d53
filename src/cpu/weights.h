// Weights: the tensors of a model (model/tensors.h) in the form in which this engine uses them:
// matrices packed for its products, or left as they are in the file and expanded tile by tile. What
// a file does not have (biases, norms of some architectures) stays empty.
#pragma once

#include <vector>

#include "model/tensors.h"
#include "ops/linear.h"

namespace ponder {

struct NormWeights {
  std::vector<float> w, b;  // empty: no such norm, no bias
};

struct LayerWeights {
  NormWeights attn_norm, ffn_norm, attn_post_norm, ffn_post_norm;  // (n_embd)
  NormWeights q_norm, k_norm;                                      // (head_dim)
  Linear qkv, attn_out, gate, up, down;  // gate: empty where there is none
  std::vector<float> qkv_bias, attn_out_bias, gate_bias, up_bias, down_bias;
};

struct Weights {
  const GgufTensor* token_embd = nullptr;     // (n_embd, n_vocab), rows expanded when looked up
  const GgufTensor* position_embd = nullptr;  // (n_embd, n_ctx)
  NormWeights output_norm;
  Linear output;  // (n_embd, n_vocab); the embedding where tied
  std::vector<LayerWeights> layers;
};

/// Bytes of the packed matrices of a file, before loading them.
std::int64_t packed_bytes(const GgufFile&, const GemmKernel&);
Weights load_weights(const GgufFile&, const Tensors&, const GemmKernel&, bool packed,
                     int n_threads);

}  // namespace ponder
