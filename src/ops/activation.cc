// The activations of activation.h by Highway.
#include "ops/activation.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/activation.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

#include "ops/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using CD = hn::CappedTag<float, 16>;
using CV = hn::Vec<CD>;
constexpr CD kCD{};
constexpr int kCLanes = static_cast<int>(hn::MaxLanes(kCD));

// e^88 is the last integer power of e that float32 can hold.
HWY_INLINE CV sigmoid(CV x) {
  const CV one = hn::Set(kCD, 1.f);
  return hn::Div(one, hn::Add(one, exp_of(hn::Min(hn::Neg(x), hn::Set(kCD, 88.f)))));
}

/// The value of a function at one point, and its slope.
struct ValueSlope {
  CV value, slope;
};
struct Silu {
  static CV value(CV x) { return hn::Mul(x, sigmoid(x)); }
  // slope: s (1 + x (1 - s)), s = sigmoid(x)
  static ValueSlope both(CV x) {
    const CV s = sigmoid(x), one = hn::Set(kCD, 1.f);
    return {hn::Mul(x, s), hn::Mul(s, hn::MulAdd(x, hn::Sub(one, s), one))};
  }
};
// gelu(x) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3), which is the tanh form rewritten.
struct Gelu {
  static CV twice_u(CV x) {
    const CV cubic = hn::Mul(hn::Mul(x, x), hn::Mul(x, hn::Set(kCD, 0.044715f)));
    return hn::Mul(hn::Set(kCD, k2RootPi), hn::Add(x, cubic));
  }
  static CV value(CV x) { return hn::Mul(x, sigmoid(twice_u(x))); }
  // slope: s + x s (1 - s) 2u', s = sigmoid(2u)
  static ValueSlope both(CV x) {
    const CV one = hn::Set(kCD, 1.f), s = sigmoid(twice_u(x));
    const CV slope_u = hn::Mul(hn::Set(kCD, k2RootPi),
                               hn::MulAdd(hn::Mul(x, x), hn::Set(kCD, 3 * 0.044715f), one));
    const CV xs = hn::Mul(x, s);
    return {xs, hn::MulAdd(hn::Mul(xs, hn::Sub(one, s)), slope_u, s)};
  }
  static constexpr float k2RootPi = 1.5957691216057308f;  // 2 sqrt(2/pi)
};

// The clamps, and the 1 that is added to up, set this apart from gated().
constexpr float kSwigluSteepness = 1.702f, kSwigluLimit = 7;
void clamped_swiglu_t(const float* gate, const float* up, int n, float* out) {
  const CV limit = hn::Set(kCD, kSwigluLimit), steep = hn::Set(kCD, kSwigluSteepness);
  for (int i = 0; i < n; i += kCLanes) {
    const CV g = hn::Min(hn::LoadU(kCD, gate + i), limit),
             u = hn::Clamp(hn::LoadU(kCD, up + i), hn::Neg(limit), limit);
    const CV value = hn::Mul(g, sigmoid(hn::Mul(steep, g)));
    hn::StoreU(hn::MulAdd(u, value, value), kCD, out + i);
  }
}
void clamped_swiglu_vjp_t(const float* gate, const float* up, int n, const float* dout,
                          float* dgate, float* dup) {
  const CV limit = hn::Set(kCD, kSwigluLimit), steep = hn::Set(kCD, kSwigluSteepness),
           one = hn::Set(kCD, 1.f);
  for (int i = 0; i < n; i += kCLanes) {
    const CV raw_g = hn::LoadU(kCD, gate + i), raw_u = hn::LoadU(kCD, up + i),
             d = hn::LoadU(kCD, dout + i);
    const CV g = hn::Min(raw_g, limit), u = hn::Clamp(raw_u, hn::Neg(limit), limit);
    // d/dg g s(a g) = s (1 + a g (1 - s))
    const CV s = sigmoid(hn::Mul(steep, g)),
             slope = hn::Mul(s, hn::MulAdd(hn::Mul(steep, g), hn::Sub(one, s), one));
    const CV dg = hn::Mul(hn::Mul(d, hn::Add(u, one)), slope), du = hn::Mul(d, hn::Mul(g, s));
    hn::StoreU(hn::IfThenElseZero(hn::Le(raw_g, limit), dg), kCD, dgate + i);
    hn::StoreU(hn::IfThenElseZero(hn::Le(hn::Abs(raw_u), limit), du), kCD, dup + i);
  }
}

template <class F>
HWY_INLINE void gated(const float* gate, const float* up, int n, float* out) {
  for (int i = 0; i < n; i += kCLanes)
    hn::StoreU(hn::Mul(F::value(hn::LoadU(kCD, gate + i)), hn::LoadU(kCD, up + i)), kCD, out + i);
}
template <class F>
HWY_INLINE void gated_vjp(const float* gate, const float* up, int n, const float* dout,
                          float* dgate, float* dup) {
  for (int i = 0; i < n; i += kCLanes) {
    const ValueSlope f = F::both(hn::LoadU(kCD, gate + i));
    const CV g = hn::LoadU(kCD, dout + i);
    hn::StoreU(hn::Mul(hn::Mul(g, hn::LoadU(kCD, up + i)), f.slope), kCD, dgate + i);
    hn::StoreU(hn::Mul(g, f.value), kCD, dup + i);
  }
}

void silu_mul_t(const float* g, const float* u, int n, float* out) { gated<Silu>(g, u, n, out); }
void gelu_mul_t(const float* g, const float* u, int n, float* out) { gated<Gelu>(g, u, n, out); }
void silu_mul_vjp_t(const float* g, const float* u, int n, const float* dout, float* dg,
                    float* du) {
  gated_vjp<Silu>(g, u, n, dout, dg, du);
}
void gelu_mul_vjp_t(const float* g, const float* u, int n, const float* dout, float* dg,
                    float* du) {
  gated_vjp<Gelu>(g, u, n, dout, dg, du);
}
void gelu_t(const float* x, int n, float* out) {
  for (int i = 0; i < n; i += kCLanes) hn::StoreU(Gelu::value(hn::LoadU(kCD, x + i)), kCD, out + i);
}
void gelu_vjp_t(const float* x, int n, const float* dout, float* dx) {
  for (int i = 0; i < n; i += kCLanes)
    hn::StoreU(hn::Mul(hn::LoadU(kCD, dout + i), Gelu::both(hn::LoadU(kCD, x + i)).slope), kCD,
               dx + i);
}

// erf as a ratio of polynomials on [-4, 4], with the coefficients of Eigen's
// generic_fast_erf_float. The error is at most 6.5e-8.
HWY_INLINE CV erf_of(CV x) {
  const CV y = hn::Clamp(x, hn::Set(kCD, -4.f), hn::Set(kCD, 4.f)), u = hn::Mul(y, y);
  CV p = hn::Set(kCD, -2.72614225801306e-10f), q = hn::Set(kCD, -1.45660718464996e-05f);
  for (float c : {2.77068142495902e-08f, -2.10102402082508e-06f, -5.69250639462346e-05f,
                  -7.34990630326855e-04f, -2.95459980854025e-03f, -1.60960333262415e-02f})
    p = hn::MulAdd(p, u, hn::Set(kCD, c));
  for (float c : {-2.13374055278905e-04f, -1.68282697438203e-03f, -7.37332916720468e-03f,
                  -1.42647390514189e-02f})
    q = hn::MulAdd(q, u, hn::Set(kCD, c));
  return hn::Div(hn::Mul(y, p), q);
}
void gelu_exact_t(float* x, int n, float* slope) {
  constexpr float kDensity = 0.3989422804f,
                  kRootHalf = 0.7071067812f;  // the normal density at 0; 1 / sqrt 2
  const CV half = hn::Set(kCD, 0.5f);
  float rest[kCLanes] = {};
  for (int i = 0; i < n; i += kCLanes) {
    const int left = std::min(n - i, kCLanes);
    float* at = left < kCLanes ? rest : x + i;
    if (at == rest) std::copy_n(x + i, left, rest);
    const CV v = hn::LoadU(kCD, at),
             cdf = hn::MulAdd(half, erf_of(hn::Mul(v, hn::Set(kCD, kRootHalf))), half);
    hn::StoreU(hn::Mul(v, cdf), kCD, at);
    if (at == rest) std::copy_n(rest, left, x + i);
    if (!slope) continue;
    const CV density =
        hn::Mul(hn::Set(kCD, kDensity), exp_of(hn::Neg(hn::Mul(half, hn::Mul(v, v)))));
    hn::StoreU(hn::MulAdd(v, density, cdf), kCD, at == rest ? rest : slope + i);
    if (at == rest) std::copy_n(rest, left, slope + i);
  }
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(silu_mul_t);
HWY_EXPORT(silu_mul_vjp_t);
HWY_EXPORT(gelu_mul_t);
HWY_EXPORT(gelu_mul_vjp_t);
HWY_EXPORT(clamped_swiglu_t);
HWY_EXPORT(clamped_swiglu_vjp_t);
HWY_EXPORT(gelu_t);
HWY_EXPORT(gelu_vjp_t);
HWY_EXPORT(gelu_exact_t);

void silu_mul(const float* g, const float* u, int n, float* out) {
  HWY_DYNAMIC_DISPATCH(silu_mul_t)(g, u, n, out);
}
void silu_mul_vjp(const float* g, const float* u, int n, const float* dout, float* dg, float* du) {
  HWY_DYNAMIC_DISPATCH(silu_mul_vjp_t)(g, u, n, dout, dg, du);
}
void gelu_mul(const float* g, const float* u, int n, float* out) {
  HWY_DYNAMIC_DISPATCH(gelu_mul_t)(g, u, n, out);
}
void gelu_mul_vjp(const float* g, const float* u, int n, const float* dout, float* dg, float* du) {
  HWY_DYNAMIC_DISPATCH(gelu_mul_vjp_t)(g, u, n, dout, dg, du);
}
void clamped_swiglu(const float* g, const float* u, int n, float* out) {
  HWY_DYNAMIC_DISPATCH(clamped_swiglu_t)(g, u, n, out);
}
void clamped_swiglu_vjp(const float* g, const float* u, int n, const float* dout, float* dg,
                        float* du) {
  HWY_DYNAMIC_DISPATCH(clamped_swiglu_vjp_t)(g, u, n, dout, dg, du);
}
void gelu(const float* x, int n, float* out) { HWY_DYNAMIC_DISPATCH(gelu_t)(x, n, out); }
void gelu_vjp(const float* x, int n, const float* dout, float* dx) {
  HWY_DYNAMIC_DISPATCH(gelu_vjp_t)(x, n, dout, dx);
}
void gelu_exact(float* x, int n, float* slope) { HWY_DYNAMIC_DISPATCH(gelu_exact_t)(x, n, slope); }

void soft_cap(float* x, int n, float cap) {
  for (int i = 0; i < n; ++i) x[i] = cap * std::tanh(x[i] / cap);
}
void soft_cap_vjp(const float* y, int n, float cap, float* dx) {
  for (int i = 0; i < n; ++i)
    dx[i] = std::isinf(y[i]) ? 0 : dx[i] * (1 - y[i] / cap * (y[i] / cap));
}

}  // namespace ponder
#endif
