// Reductions by Highway: lane by lane in one fixed order, then over the lanes.
#include "ops/reduce.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/reduce.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

#include "ops/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr D kD{};
HWY_INLINE int lanes() { return static_cast<int>(hn::Lanes(kD)); }
HWY_INLINE float sum_lanes(V v) { return hn::GetLane(hn::SumOfLanes(kD, v)); }

float max_of_t(const float* x, int n) {
  V m = hn::Set(kD, -std::numeric_limits<float>::infinity());
  int i = 0;
  for (; i + lanes() <= n; i += lanes()) m = hn::Max(m, hn::LoadU(kD, x + i));
  float best = hn::GetLane(hn::MaxOfLanes(kD, m));
  for (; i < n; ++i) best = std::max(best, x[i]);
  return best;
}

// Lanes beyond n count as masked: exp(-inf) = 0. The difference d is kept above -1e4, so that 0 · d
// is 0 and not NaN.
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
    const V d = hn::Max(hn::Sub(hn::LoadU(kD, p), m), floor), e = exp_of(d);
    s = hn::Add(s, e);
    if (want_alpha) sa = hn::Add(sa, exp_of(hn::Max(hn::Mul(a, d), floor)));
    if (want_dot) sd = hn::MulAdd(e, d, sd);
  }
  out.s = sum_lanes(s);
  out.s_alpha = sum_lanes(sa);
  out.s_dot = sum_lanes(sd);
  return out;
}

// Exponents are kept above -1e4: exp_of() is zero there, and -inf times alpha cannot occur.
void softmax_sum_t(const float* x, int n, float scale, float shift, float scale_alpha, float alpha,
                   float shift_alpha, float* out) {
  const V floor = hn::Set(kD, -1e4f);
  const auto term = [&](V v) {
    V y = hn::Mul(hn::Set(kD, scale), exp_of(hn::Max(hn::Sub(v, hn::Set(kD, shift)), floor)));
    if (scale_alpha != 0) {
      const V z = hn::Sub(hn::Mul(hn::Set(kD, alpha), v), hn::Set(kD, shift_alpha));
      y = hn::MulAdd(hn::Set(kD, scale_alpha), exp_of(hn::Max(z, floor)), y);
    }
    return y;
  };
  int i = 0;
  for (; i + lanes() <= n; i += lanes()) hn::StoreU(term(hn::LoadU(kD, x + i)), kD, out + i);
  const int rest = n - i;
  if (rest <= 0) return;
  float tail[16] = {};
  std::copy_n(x + i, rest, tail);
  hn::StoreU(term(hn::LoadU(kD, tail)), kD, tail);
  std::copy_n(tail, rest, out + i);
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(max_of_t);
HWY_EXPORT(block_sums_t);
HWY_EXPORT(softmax_sum_t);

float max_of(const float* x, int n) { return HWY_DYNAMIC_DISPATCH(max_of_t)(x, n); }
BlockSums block_sums(const float* l, int n, float alpha, bool want_alpha, bool want_dot) {
  return HWY_DYNAMIC_DISPATCH(block_sums_t)(l, n, alpha, want_alpha, want_dot);
}
void softmax_sum(const float* x, int n, float scale, float shift, float scale_alpha, float alpha,
                 float shift_alpha, float* out) {
  HWY_DYNAMIC_DISPATCH(softmax_sum_t)(x, n, scale, shift, scale_alpha, alpha, shift_alpha, out);
}

}  // namespace ponder
#endif
