// exp() of a vector, shared by softmax, activations and the sums over the vocabulary. Highway
// includes this file once per target.
#if defined(PONDER_OPS_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PONDER_OPS_EXP_INL_H_
#undef PONDER_OPS_EXP_INL_H_
#else
#define PONDER_OPS_EXP_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Computes 2^n e^r with integer n and |r| <= ln 2 / 2, and e^r by the polynomial of Cephes' expf.
// The error is within 1.5 units in the last place for x up to 88; the caller must keep x below
// that. Returns zero where float32 has no normal number, for example at -inf.
template <class V>
HWY_INLINE V exp_of(V x) {
  const hn::DFromV<V> d;
  const auto is = [d](float value) { return hn::Set(d, value); };
  // ln 2^-126; 1.5 * 2^23, whose addition rounds to an integer
  constexpr float kLeast = -87.33654f, kWhole = 12582912.f;
  const V y = hn::Max(is(kLeast), x);
  const V rounded = hn::MulAdd(y, is(1.44269504f), is(kWhole)), n = hn::Sub(rounded, is(kWhole));
  const V r = hn::NegMulAdd(n, is(-2.12194440e-4f), hn::NegMulAdd(n, is(0.693359375f), y));
  V p = is(1.9875691500e-4f);
  for (float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f,
                  5.0000001201e-1f, 1.f, 1.f})
    p = hn::MulAdd(p, r, is(c));
  const hn::RebindToSigned<decltype(d)> di;
  const V e =
      hn::BitCast(d, hn::Add(hn::BitCast(di, p), hn::ShiftLeft<23>(hn::BitCast(di, rounded))));
  return hn::IfThenZeroElse(hn::Lt(x, is(kLeast)), e);  // NaN stays NaN
}

}  // namespace
}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
