// Norms by Highway. Sums are written out, so that their order is fixed; plain loops are vectorised
// by the compiler for each target.
#include "ops/norm.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/norm.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using ND = hn::CappedTag<float, 16>;
constexpr ND kND{};

// The sum over i of term(i … i + lanes): first lane by lane, then over the lanes.
template <class F>
HWY_INLINE float sum_over(int n, const F& term) {
  hn::Vec<ND> sum = hn::Zero(kND);
  for (int i = 0; i < n; i += static_cast<int>(hn::Lanes(kND))) sum = term(i, sum);
  return hn::GetLane(hn::SumOfLanes(kND, sum));
}
HWY_INLINE float sum_of_squares(const float* x, int n) {
  return sum_over(n, [x](int i, auto sum) {
    const auto v = hn::LoadU(kND, x + i);
    return hn::MulAdd(v, v, sum);
  });
}
HWY_INLINE float sum_of_products(const float* x, const float* y, const float* z, int n) {
  return sum_over(n, [x, y, z](int i, auto sum) {
    return hn::MulAdd(hn::Mul(hn::LoadU(kND, x + i), hn::LoadU(kND, y + i)), hn::LoadU(kND, z + i),
                      sum);
  });
}

void rms_norm_t(const float* x, const float* w, int n, float eps, float* out) {
  const float scale = 1.f / std::sqrt(sum_of_squares(x, n) / static_cast<float>(n) + eps);
  for (int i = 0; i < n; ++i) out[i] = x[i] * scale * w[i];
}
// With r = 1 / sqrt(mean(x^2) + eps):  dx = r w g - x r^3 mean(w g x)
void rms_norm_vjp_t(const float* x, const float* w, int n, float eps, const float* g, float* dx) {
  const float r = 1.f / std::sqrt(sum_of_squares(x, n) / static_cast<float>(n) + eps);
  const float along = sum_of_products(w, g, x, n) / static_cast<float>(n) * r * r * r;
  for (int i = 0; i < n; ++i) dx[i] += r * w[i] * g[i] - x[i] * along;
}

struct Moments {
  float mean, scale;  // scale = 1 / sqrt(var + eps)
};
HWY_INLINE Moments moments(const float* x, int n, float eps) {
  const float mean =
      sum_over(n, [x](int i, auto sum) { return hn::Add(sum, hn::LoadU(kND, x + i)); }) /
      static_cast<float>(n);
  const float var = sum_over(n, [x, mean](int i, auto sum) {
    const auto v = hn::Sub(hn::LoadU(kND, x + i), hn::Set(kND, mean));
    return hn::MulAdd(v, v, sum);
  });
  return {mean, 1.f / std::sqrt(var / static_cast<float>(n) + eps)};
}
void layer_norm_t(const float* x, const float* w, const float* b, int n, float eps, float* out) {
  const Moments m = moments(x, n, eps);
  for (int i = 0; i < n; ++i) out[i] = (x[i] - m.mean) * m.scale * w[i] + b[i];
}
// With y = (x - mean) r:  dx = r (w g - mean(w g) - y mean(w g y))
void layer_norm_vjp_t(const float* x, const float* w, int n, float eps, const float* g, float* dx) {
  const Moments m = moments(x, n, eps);
  const float mean_g =
      sum_over(n,
               [w, g](int i, auto sum) {
                 return hn::MulAdd(hn::LoadU(kND, w + i), hn::LoadU(kND, g + i), sum);
               }) /
      static_cast<float>(n);
  const float mean_gx = sum_of_products(w, g, x, n) / static_cast<float>(n);
  const float along = (mean_gx - m.mean * mean_g) * m.scale;
  for (int i = 0; i < n; ++i)
    dx[i] += m.scale * (w[i] * g[i] - mean_g - (x[i] - m.mean) * m.scale * along);
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(rms_norm_t);
HWY_EXPORT(rms_norm_vjp_t);
HWY_EXPORT(layer_norm_t);
HWY_EXPORT(layer_norm_vjp_t);

void rms_norm(const float* x, const float* w, int n, float eps, float* out) {
  HWY_DYNAMIC_DISPATCH(rms_norm_t)(x, w, n, eps, out);
}
void rms_norm_vjp(const float* x, const float* w, int n, float eps, const float* dout, float* dx) {
  HWY_DYNAMIC_DISPATCH(rms_norm_vjp_t)(x, w, n, eps, dout, dx);
}
void layer_norm(const float* x, const float* w, const float* b, int n, float eps, float* out) {
  HWY_DYNAMIC_DISPATCH(layer_norm_t)(x, w, b, n, eps, out);
}
void layer_norm_vjp(const float* x, const float* w, int n, float eps, const float* dout,
                    float* dx) {
  HWY_DYNAMIC_DISPATCH(layer_norm_vjp_t)(x, w, n, eps, dout, dx);
}

}  // namespace ponder
#endif
