// Element-wise functions of one row of float32 and their derivatives. n must be a multiple of 16
// unless a function says otherwise.
#pragma once

namespace ponder {

/// out = silu(gate) up (Shazeer 2020). out may be the same array as gate or up.
void silu_mul(const float* gate, const float* up, int n, float* out);
void silu_mul_vjp(const float* gate, const float* up, int n, const float* dout, float* dgate,
                  float* dup);

/// out = gelu(gate) up, with the tanh form of gelu.
void gelu_mul(const float* gate, const float* up, int n, float* out);
void gelu_mul_vjp(const float* gate, const float* up, int n, const float* dout, float* dgate,
                  float* dup);

/// out = (up + 1) gate sigmoid(1.702 gate), where gate is cut at 7 from above and up at -7 and 7
/// (gpt-oss; OpenAI 2025). A value that was cut has no slope.
void clamped_swiglu(const float* gate, const float* up, int n, float* out);
void clamped_swiglu_vjp(const float* gate, const float* up, int n, const float* dout, float* dgate,
                        float* dup);

/// out = gelu(x), the tanh form (Hendrycks and Gimpel 2016).
void gelu(const float* x, int n, float* out);
void gelu_vjp(const float* x, int n, const float* dout, float* dx);

/// x = x Phi(x) for any n, where Phi is the normal distribution function, accurate to 1e-7. slope:
/// its derivative, or null.
void gelu_exact(float* x, int n, float* slope);

/// x = cap tanh(x / cap) for any n.
void soft_cap(float* x, int n, float cap);
/// dx *= the derivative of soft_cap, computed from its output y, for any n. The result is zero
/// where y is -inf, which marks a masked id.
void soft_cap_vjp(const float* y, int n, float cap, float* dx);

}  // namespace ponder
