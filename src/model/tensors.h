// Tensors: the tensors of a model under the names that all architectures share in GGUF, found and
// checked for shape. No value is read: an engine makes its weights of them.
#pragma once

#include <vector>

#include "model/config.h"
#include "ponder/core/status.h"
#include "ponder/model/gguf.h"

namespace ponder {

struct NormTensors {
  const GgufTensor *w = nullptr, *b = nullptr;  // null: no such norm, no bias
};

/// Matrices of the same inputs, whose outputs follow one another.
struct MatrixTensors {
  struct Part {
    const GgufTensor* w = nullptr;  // (n_in, n_out)
    const GgufTensor* b = nullptr;  // (n_out); null: no bias
  };
  std::vector<Part> parts;  // none: no such matrix
};

struct LayerTensors {
  NormTensors attn_norm, ffn_norm, attn_post_norm, ffn_post_norm;  // (n_embd)
  NormTensors q_norm, k_norm;                                      // (head_dim)
  MatrixTensors qkv, attn_out, gate, up, down;
};

struct Tensors {
  const GgufTensor* token_embd = nullptr;     // (n_embd, n_vocab)
  const GgufTensor* position_embd = nullptr;  // (n_embd, n_ctx); null: no learned positions
  NormTensors output_norm;
  MatrixTensors output;  // (n_embd, n_vocab); the embedding where tied
  std::vector<LayerTensors> layers;
};

/// Errors: kInvalid (a tensor missing or of another shape: its name, both shapes), kUnsupported (a
/// tensor that the architecture does not use). The tensors live as long as the file.
Result<Tensors> find_tensors(const GgufFile&, const Config&);

}  // namespace ponder
