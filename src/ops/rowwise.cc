// Row operations by Highway. Plain loops below are vectorised by the compiler for each target; sums and
// exponentials are written out, so that their order and rounding are fixed.
#include "ops/rowwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rowwise.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr D kD{};
HWY_INLINE int lanes() { return static_cast<int>(hn::Lanes(kD)); }
HWY_INLINE float sum_lanes(V v) { return hn::GetLane(hn::SumOfLanes(kD, v)); }

void rms_norm_t(const float* x, const float* w, int n, float eps, float* out) {
  V sum = hn::Zero(kD);
  for (int i = 0; i < n; i += lanes()) {
    const V v = hn::LoadU(kD, x + i);
    sum = hn::MulAdd(v, v, sum);
  }
  const float scale = 1.f / std::sqrt(sum_lanes(sum) / static_cast<float>(n) + eps);
  for (int i = 0; i < n; ++i) out[i] = x[i] * scale * w[i];
}

void layer_norm_t(const float* x, const float* w, const float* b, int n, float eps, float* out) {
  V sum = hn::Zero(kD);
  for (int i = 0; i < n; i += lanes()) sum = hn::Add(sum, hn::LoadU(kD, x + i));
  const float mean = sum_lanes(sum) / static_cast<float>(n);
  sum = hn::Zero(kD);
  for (int i = 0; i < n; i += lanes()) {
    const V v = hn::Sub(hn::LoadU(kD, x + i), hn::Set(kD, mean));
    sum = hn::MulAdd(v, v, sum);
  }
  const float scale = 1.f / std::sqrt(sum_lanes(sum) / static_cast<float>(n) + eps);
  for (int i = 0; i < n; ++i) out[i] = (x[i] - mean) * scale * w[i] + b[i];
}

// Highway's Exp is defined up to 104 only; e^88 is the last power that float32 holds.
HWY_INLINE V sigmoid(V x) {
  const V one = hn::Set(kD, 1.f);
  return hn::Div(one, hn::Add(one, hn::Exp(kD, hn::Min(hn::Neg(x), hn::Set(kD, 88.f)))));
}
// gelu(x) = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3): the tanh form, rewritten
HWY_INLINE V gelu_v(V x) {
  const V cubic = hn::Mul(hn::Mul(x, x), hn::Mul(x, hn::Set(kD, 0.044715f)));
  return hn::Mul(x, sigmoid(hn::Mul(hn::Set(kD, 1.5957691216057308f), hn::Add(x, cubic))));
}
void silu_mul_t(const float* gate, const float* up, int n, float* out) {
  for (int i = 0; i < n; i += lanes()) {
    const V g = hn::LoadU(kD, gate + i);
    hn::StoreU(hn::Mul(hn::Mul(g, sigmoid(g)), hn::LoadU(kD, up + i)), kD, out + i);
  }
}
void gelu_mul_t(const float* gate, const float* up, int n, float* out) {
  for (int i = 0; i < n; i += lanes())
    hn::StoreU(hn::Mul(gelu_v(hn::LoadU(kD, gate + i)), hn::LoadU(kD, up + i)), kD, out + i);
}
void gelu_t(const float* x, int n, float* out) {
  for (int i = 0; i < n; i += lanes()) hn::StoreU(gelu_v(hn::LoadU(kD, x + i)), kD, out + i);
}
void add_t(float* x, const float* y, int n) {
  for (int i = 0; i < n; ++i) x[i] += y[i];
}
void rope_interleaved_t(float* x, const float* c, const float* s, int n) {
  for (int i = 0; i < n / 2; ++i) {
    const float a = x[2 * i], b = x[2 * i + 1];
    x[2 * i] = a * c[i] - b * s[i];
    x[2 * i + 1] = a * s[i] + b * c[i];
  }
}
void rope_halves_t(float* x, const float* c, const float* s, int n) {
  float* y = x + n / 2;
  for (int i = 0; i < n / 2; ++i) {
    const float a = x[i], b = y[i];
    x[i] = a * c[i] - b * s[i];
    y[i] = a * s[i] + b * c[i];
  }
}
void to_bf16_t(const float* x, int n, BF16* out) {
  for (int i = 0; i < n; ++i) out[i] = to_bf16(x[i]);
}

float max_of_t(const float* x, int n) {
  V m = hn::Set(kD, -std::numeric_limits<float>::infinity());
  int i = 0;
  for (; i + lanes() <= n; i += lanes()) m = hn::Max(m, hn::LoadU(kD, x + i));
  float best = hn::GetLane(hn::MaxOfLanes(kD, m));
  for (; i < n; ++i) best = std::max(best, x[i]);
  return best;
}

// Lanes beyond n count as masked: exp(-inf) = 0. The difference is kept above -1e4, so that 0 times it is 0.
BlockSums block_sums_t(const float* logits, int n, float alpha, bool want_alpha, bool want_dot) {
  BlockSums out{max_of_t(logits, n), 0, 0, 0};
  if (out.max == -std::numeric_limits<float>::infinity()) return out;
  const V m = hn::Set(kD, out.max), floor = hn::Set(kD, -1e4f), a = hn::Set(kD, alpha);
  V s = hn::Zero(kD), sa = hn::Zero(kD), sd = hn::Zero(kD);
  float tail[16];
  for (int i = 0; i < n; i += lanes()) {
    const float* p = logits + i;
    if (i + lanes() > n) {
      std::fill_n(tail, 16, -std::numeric_limits<float>::infinity());
      std::copy(p, logits + n, tail);
      p = tail;
    }
    const V d = hn::Max(hn::Sub(hn::LoadU(kD, p), m), floor), e = hn::Exp(kD, d);
    s = hn::Add(s, e);
    if (want_alpha) sa = hn::Add(sa, hn::Exp(kD, hn::Max(hn::Mul(a, d), floor)));
    if (want_dot) sd = hn::MulAdd(e, d, sd);
  }
  out.s = sum_lanes(s);
  out.s_alpha = sum_lanes(sa);
  out.s_dot = sum_lanes(sd);
  return out;
}
void soft_cap_t(float* x, int n, float cap) {
  for (int i = 0; i < n; ++i) x[i] = cap * std::tanh(x[i] / cap);
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(rms_norm_t);
HWY_EXPORT(layer_norm_t);
HWY_EXPORT(silu_mul_t);
HWY_EXPORT(gelu_mul_t);
HWY_EXPORT(gelu_t);
HWY_EXPORT(add_t);
HWY_EXPORT(rope_interleaved_t);
HWY_EXPORT(rope_halves_t);
HWY_EXPORT(to_bf16_t);
HWY_EXPORT(block_sums_t);
HWY_EXPORT(soft_cap_t);
HWY_EXPORT(max_of_t);

void rms_norm(const float* x, const float* w, int n, float eps, float* out) {
  HWY_DYNAMIC_DISPATCH(rms_norm_t)(x, w, n, eps, out);
}
void layer_norm(const float* x, const float* w, const float* b, int n, float eps, float* out) {
  HWY_DYNAMIC_DISPATCH(layer_norm_t)(x, w, b, n, eps, out);
}
void silu_mul(const float* g, const float* u, int n, float* out) { HWY_DYNAMIC_DISPATCH(silu_mul_t)(g, u, n, out); }
void gelu_mul(const float* g, const float* u, int n, float* out) { HWY_DYNAMIC_DISPATCH(gelu_mul_t)(g, u, n, out); }
void gelu(const float* x, int n, float* out) { HWY_DYNAMIC_DISPATCH(gelu_t)(x, n, out); }
void add(float* x, const float* y, int n) { HWY_DYNAMIC_DISPATCH(add_t)(x, y, n); }
void rope_interleaved(float* x, const float* c, const float* s, int n) {
  HWY_DYNAMIC_DISPATCH(rope_interleaved_t)(x, c, s, n);
}
void rope_halves(float* x, const float* c, const float* s, int n) { HWY_DYNAMIC_DISPATCH(rope_halves_t)(x, c, s, n); }
void to_compute(Compute compute, const float* x, int n, void* out) {
  const std::size_t size = compute_bytes(compute), pad = (round_up(n, kKBlock) - n) * size;
  if (compute == Compute::kBF16) {
    HWY_DYNAMIC_DISPATCH(to_bf16_t)(x, n, static_cast<BF16*>(out));
  } else {
    std::memcpy(out, x, n * size);
  }
  if (pad) std::memset(static_cast<char*>(out) + n * size, 0, pad);
}
BlockSums block_sums(const float* l, int n, float alpha, bool want_alpha, bool want_dot) {
  return HWY_DYNAMIC_DISPATCH(block_sums_t)(l, n, alpha, want_alpha, want_dot);
}
void soft_cap(float* x, int n, float cap) { HWY_DYNAMIC_DISPATCH(soft_cap_t)(x, n, cap); }
float max_of(const float* x, int n) { return HWY_DYNAMIC_DISPATCH(max_of_t)(x, n); }

}  // namespace ponder
#endif
