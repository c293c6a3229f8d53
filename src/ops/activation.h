// Element-wise functions of one row and their derivatives, float32. n: a multiple of 16.
#pragma once

namespace ponder {

/// out = silu(gate) up. Shazeer 2020. out may be either input.
void silu_mul(const float* gate, const float* up, int n, float* out);
void silu_mul_vjp(const float* gate, const float* up, int n, const float* dout, float* dgate,
                  float* dup);

/// out = gelu(gate) up, the tanh form
void gelu_mul(const float* gate, const float* up, int n, float* out);
void gelu_mul_vjp(const float* gate, const float* up, int n, const float* dout, float* dgate,
                  float* dup);

/// out = gelu(x), the tanh form (Hendrycks and Gimpel 2016)
void gelu(const float* x, int n, float* out);
void gelu_vjp(const float* x, int n, const float* dout, float* dx);

/// x = x Phi(x), Phi the normal law's cumulative function to 1e-7; slope: its derivative, unless it
/// is null; any n
void gelu_exact(float* x, int n, float* slope);

/// x = cap tanh(x / cap); any n
void soft_cap(float* x, int n, float cap);
/// dx *= the derivative at the output y; zero where y is -inf, a masked id
void soft_cap_vjp(const float* y, int n, float cap, float* dx);

}  // namespace ponder
