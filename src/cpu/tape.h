// Tape: the activations of fed rows that the derivative needs. In full, or only the residual stream
// between layers, from which each layer is run again on the way back (Chen et al. 2016). Keys and
// values stay in the KV store.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "model/config.h"
#include "ops/gemm.h"

namespace ponder {

/// Arrays of one layer, float32 but for gate and up, which are half of it. Rows are padded as
/// matrix products ask (gemm.h); widths in brackets.
struct LayerState {
  float* x = nullptr;     // (n_embd) residual stream before attention
  float* mid = nullptr;   // (n_embd) before feed-forward
  float* next = nullptr;  // (n_embd) after it
  float* qkv = nullptr;   // (padded q, k, v) after norms and rotary positions
  float* raw = nullptr;   // (q, k) before their norms; null without such norms
  float* lse = nullptr;   // (n_heads) of attention; null in inference
  float* attn = nullptr;  // (padded n_embd) what attention adds, before its norm
  float* ffn = nullptr;   // (padded n_embd) what feed-forward adds, before its norm
  std::byte* gate =
      nullptr;  // (tape_stride(n_ff)) in compute type; null in inference, or without a gate
  std::byte* up = nullptr;  // (tape_stride(n_ff)) in compute type; null in inference
};

/// Row stride of gate and up: padded, and not such that rows share cache sets.
inline int tape_stride(int n) { return a_stride(n); }

class Tape {
 public:
  /// Bytes for n rows, in full or not.
  static std::int64_t bytes(const Config&, Compute, int n_rows, bool full);
  /// Room for n rows; what was there is lost.
  void prepare(const Config&, Compute, int n_rows, bool full);
  bool full() const { return full_; }
  LayerState layer(int i);
  float* output() { return layer(n_layers_).x; }  // (n_embd) residual stream after the last layer

 private:
  std::size_t x_ = 0, qkv_ = 0, raw_ = 0, lse_ = 0, branch_ = 0, ff_ = 0,
              gate_ = 0;  // floats of each array
  int n_layers_ = 0;
  bool full_ = true;
  Buffer<float> stream_, layers_;
};

}  // namespace ponder
