// The softmax of attention by Highway. Sums run lane by lane, then over the lanes.
#include "ops/softmax.h"

#include <cmath>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/softmax.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

#include "ops/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr D kD{};
constexpr int kLanes = static_cast<int>(hn::MaxLanes(kD));

using U16 = hn::Rebind<std::uint16_t, D>;

// Converts e to bf16, to nearest even as to_bf16() does. All values must be finite.
HWY_INLINE hn::Vec<U16> narrow(V e) {
  const hn::RebindToUnsigned<D> du;
  const auto u = hn::BitCast(du, e), even = hn::And(hn::ShiftRight<16>(u), hn::Set(du, 1u));
  return hn::TruncateTo(U16(), hn::ShiftRight<16>(hn::Add(u, hn::Add(even, hn::Set(du, 0x7fffu)))));
}
HWY_INLINE void store(V e, float* out) { hn::StoreU(e, kD, out); }
HWY_INLINE void store(V e, std::uint16_t* out) { hn::StoreU(narrow(e), U16(), out); }
// Stores the first n lanes.
template <class T>
HWY_INLINE void store(V e, int n, T* out) {
  T lanes[kLanes];
  store(e, lanes);
  for (int l = 0; l < n; ++l) out[l] = lanes[l];
}

template <class T>
HWY_INLINE float weights_of(const float* s, int n, float max, T* out) {
  V sum = hn::Zero(kD);
  const V shift = hn::Set(kD, max);
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const V e = exp_of(hn::Sub(hn::LoadU(kD, s + i), shift));
    sum = hn::Add(sum, e);
    store(e, out + i);
  }
  if (i < n) {
    const auto inside = hn::FirstN(kD, n - i);
    const V e =
        hn::IfThenElseZero(inside, exp_of(hn::Sub(hn::MaskedLoad(inside, kD, s + i), shift)));
    sum = hn::Add(sum, e);
    store(e, n - i, out + i);
  }
  return hn::GetLane(hn::SumOfLanes(kD, sum));
}

}  // namespace

float softmax_weights_t(Compute compute, const float* s, int n, float max, void* out) {
  if (compute == Compute::kF32) return weights_of(s, n, max, static_cast<float*>(out));
  return weights_of(s, n, max, static_cast<BF16*>(out));
}

void softmax_vjp_t(float* p, float* ds, int n, float lse, float cap) {
  V sum = hn::Zero(kD);
  const auto weights = [&](V score) { return exp_of(hn::Sub(score, hn::Set(kD, lse))); };
  const auto inside = [&](int i) { return hn::FirstN(kD, n - i < kLanes ? n - i : kLanes); };
  for (int i = 0; i < n; i += kLanes) {
    const V e = weights(hn::MaskedLoad(inside(i), kD, p + i));
    sum = hn::MulAdd(hn::IfThenElseZero(inside(i), e), hn::MaskedLoad(inside(i), kD, ds + i), sum);
    // With a cap, the second loop needs the scores once more, for the slope.
    if (cap == 0) hn::BlendedStore(e, inside(i), kD, p + i);
  }
  const V mean = hn::Set(kD, hn::GetLane(hn::SumOfLanes(kD, sum)));
  for (int i = 0; i < n; i += kLanes) {
    V e = hn::MaskedLoad(inside(i), kD, p + i), slope = hn::Set(kD, 1);
    if (cap > 0) {
      const V y = hn::Mul(e, hn::Set(kD, 1 / cap));
      slope = hn::NegMulAdd(y, y, hn::Set(kD, 1));
      e = weights(e);
      hn::BlendedStore(e, inside(i), kD, p + i);
    }
    const V d = hn::Sub(hn::MaskedLoad(inside(i), kD, ds + i), mean);
    hn::BlendedStore(hn::Mul(hn::Mul(e, d), slope), inside(i), kD, ds + i);
  }
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(softmax_weights_t);
HWY_EXPORT(softmax_vjp_t);

float softmax_weights(Compute compute, const float* scores, int n, float max, void* out) {
  return HWY_DYNAMIC_DISPATCH(softmax_weights_t)(compute, scores, n, max, out);
}
void softmax_vjp(float* p, float* ds, int n, float lse, float cap) {
  HWY_DYNAMIC_DISPATCH(softmax_vjp_t)(p, ds, n, lse, cap);
}

}  // namespace ponder
#endif
