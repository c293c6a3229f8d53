// Weights: the tensors of a model under the names that all architectures share in GGUF, checked for
// shape and put into the form in which they are used. What a file does not have (biases, norms of
// some architectures) stays empty.
#pragma once

#include <vector>

#include "model/config.h"
#include "ops/linear.h"
#include "ponder/core/status.h"
#include "ponder/model/gguf.h"

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
/// What load_weights would say, without reading a weight. Errors: kInvalid (a tensor missing or of
/// another shape: its name, both shapes), kUnsupported (a tensor that the architecture does not
/// use).
Status check_weights(const GgufFile&, const Config&);
Result<Weights> load_weights(const GgufFile&, const Config&, const GemmKernel&, bool packed,
                             int n_threads);

}  // namespace ponder
