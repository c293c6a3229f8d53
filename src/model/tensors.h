// Tensors: finds the tensors of a model by the names that all architectures share in GGUF, and
// checks their shapes. It reads no values: each engine makes its weights from these tensors.
#pragma once

#include <memory>
#include <vector>

#include "model/config.h"
#include "ponder/core/status.h"
#include "ponder/model/gguf.h"

namespace ponder {

struct NormTensors {
  const GgufTensor *w = nullptr,
                   *b = nullptr;  // null: the model has no such norm, or the norm has no bias
};

/// One matrix, or several matrices of the same inputs whose outputs are stacked (Q, K and V).
struct MatrixTensors {
  struct Part {
    const GgufTensor* w = nullptr;  // (n_in, n_out)
    const GgufTensor* b = nullptr;  // (n_out); null: no bias
  };
  std::vector<Part> parts;  // empty: the model has no such matrix
};

/// The mixture of experts of a layer.
struct ExpertTensors {
  MatrixTensors::Part router;  // (n_embd, n_experts), (n_experts)
  // (n_embd, n_ff, n_experts) and biases (n_ff, n_experts); down: (n_ff, n_embd, n_experts)
  MatrixTensors::Part gate, up, down;
};

struct LayerTensors {
  NormTensors attn_norm, ffn_norm, attn_post_norm, ffn_post_norm;  // (n_embd)
  NormTensors q_norm, k_norm;         // (head_dim), or all heads together: (n_heads head_dim)
  const GgufTensor* sinks = nullptr;  // (n_heads)
  MatrixTensors qkv, attn_out, gate, up, down;
  ExpertTensors experts;  // in place of gate, up and down, if the model has experts
};

struct Tensors {
  const GgufTensor* token_embd = nullptr;     // (n_embd, n_vocab)
  const GgufTensor* position_embd = nullptr;  // (n_embd, n_ctx); null: no learned positions
  NormTensors output_norm;
  MatrixTensors output;  // (n_embd, n_vocab); the token embedding if the two are tied
  std::vector<LayerTensors> layers;
  // What the pointers above mean where a tensor of the file holds two matrices: parts of it.
  std::vector<std::shared_ptr<const GgufTensor>> views;
};

/// Finds all tensors of a model. Errors: kInvalid (a tensor is missing or has another shape; the
/// message has its name and both shapes), kUnsupported (the file has a tensor that the architecture
/// does not use). The pointers are valid as long as the file and the views.
Result<Tensors> find_tensors(const GgufFile&, const Config&);

}  // namespace ponder
