// Operations on one row of activations: norms, activations, rotary positions, conversions. float32 throughout; sums in
// one fixed order. Sizes are multiples of 16 (checked when a model is loaded).
#pragma once

#include "ops/gemm.h"

namespace ponder {

/// out = w x / sqrt(mean(x^2) + eps). Zhang and Sennrich 2019. out may be x.
void rms_norm(const float* x, const float* w, int n, float eps, float* out);
/// out = w (x - mean) / sqrt(var + eps) + b. Ba et al. 2016. out may be x.
void layer_norm(const float* x, const float* w, const float* b, int n, float eps, float* out);
/// out = silu(gate) up
void silu_mul(const float* gate, const float* up, int n, float* out);
/// out = gelu(gate) up, the tanh form
void gelu_mul(const float* gate, const float* up, int n, float* out);
/// out = gelu(x), the tanh form (Hendrycks and Gimpel 2016)
void gelu(const float* x, int n, float* out);
/// x += y
void add(float* x, const float* y, int n);
/// Rotates the n/2 pairs of one head by angles with the given cosines and sines. Su et al. 2021.
void rope_interleaved(float* x, const float* cos, const float* sin, int n);  // pairs (2i, 2i+1)
void rope_halves(float* x, const float* cos, const float* sin, int n);       // pairs (i, i + n/2)
/// Row of A: x (n) in compute type, zeros up to a multiple of kKBlock.
void to_compute(Compute, const float* x, int n, void* out);

/// Sums over a block of logits (n, any number): the parts of log-sum-exp, in float32 lanes, then double.
struct BlockSums {
  float max;       // -inf when all are masked
  double s;        // sum exp(l - max)
  double s_alpha;  // sum exp(alpha (l - max)), when asked for
  double s_dot;    // sum exp(l - max) (l - max), when asked for
};
BlockSums block_sums(const float* logits, int n, float alpha, bool want_alpha, bool want_dot);
/// x = cap tanh(x / cap)
void soft_cap(float* x, int n, float cap);
float max_of(const float* x, int n);

}  // namespace ponder
