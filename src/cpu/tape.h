// Tape: the activations of a forward pass that the derivative needs. It keeps all of them, or only
// the residual stream between layers, from which each layer is run again on the way back (Chen et
// al. 2016). Keys and values stay in the KV store.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "model/config.h"
#include "ops/gemm.h"

namespace ponder {

/// The arrays of one layer. They are float32, except gate and up, which are in compute type. The
/// number of rows is padded as matrix products need it (gemm.h); widths are in brackets.
struct LayerState {
  float* x = nullptr;     // (n_embd) residual stream before attention
  float* mid = nullptr;   // (n_embd) residual stream before feed-forward
  float* next = nullptr;  // (n_embd) residual stream after feed-forward
  float* qkv = nullptr;   // (padded q, k, v) after norms and rotary positions
  float* raw = nullptr;   // (q, k) before their norms; null if the model has no such norms
  float* lse = nullptr;   // (n_heads) log-sum-exp of attention scores; null in inference
  float* attn = nullptr;  // (padded n_embd) output of attention, before its norm
  float* ffn = nullptr;   // (padded n_embd) output of feed-forward, before its norm
  // (tape_stride(n_ff)) in compute type, for each expert that a row uses; null in inference, or if
  // the model has no gate
  std::byte* gate = nullptr;
  std::byte* up = nullptr;  // the same; null in inference
};

/// Row stride of gate and up: padded, and such that rows do not share cache sets.
inline int tape_stride(int n) { return a_stride(n); }

class Tape {
 public:
  /// Bytes for n_rows rows. full: keeps all activations, else the residual stream.
  static std::int64_t bytes(const Config&, Compute, int n_rows, bool full);
  /// Allocates memory for n_rows rows. The previous contents are lost.
  void prepare(const Config&, Compute, int n_rows, bool full);
  bool full() const { return full_; }
  LayerState layer(int i);
  float* output() { return layer(n_layers_).x; }  // (n_embd) residual stream after the last layer

 private:
  std::size_t x_ = 0, qkv_ = 0, raw_ = 0, lse_ = 0, branch_ = 0, ff_ = 0,
              gate_ = 0;  // size of each array in floats
  int n_layers_ = 0;
  bool full_ = true;
  Buffer<float> stream_, layers_;
};

}  // namespace ponder
