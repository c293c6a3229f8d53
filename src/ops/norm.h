// Norms of one row of activations and their derivatives, float32, with sums in one fixed order. n
// must be a multiple of 16, which is checked when a model is loaded. There is no derivative for the
// weights, which are frozen.
#pragma once

namespace ponder {

/// out = w x / sqrt(mean(x^2) + eps). Zhang and Sennrich 2019. out may be x.
void rms_norm(const float* x, const float* w, int n, float eps, float* out);
/// dx += (d rms_norm / dx)^T dout at the input x.
void rms_norm_vjp(const float* x, const float* w, int n, float eps, const float* dout, float* dx);

/// out = w (x - mean) / sqrt(var + eps) + b. Ba et al. 2016. out may be x.
void layer_norm(const float* x, const float* w, const float* b, int n, float eps, float* out);
/// dx += (d layer_norm / dx)^T dout at the input x.
void layer_norm_vjp(const float* x, const float* w, int n, float eps, const float* dout, float* dx);

}  // namespace ponder
