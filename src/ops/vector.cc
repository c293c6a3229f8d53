// Plain loops, vectorised for each target; sums in one fixed order.
#include "ops/vector.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/vector.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void add_t(float* x, const float* y, int n) {
  for (int i = 0; i < n; ++i) x[i] += y[i];
}
void add_scaled_t(float* x, float w, const float* y, int n) {
  for (int i = 0; i < n; ++i) x[i] += w * y[i];
}
float dot_t(const float* x, const float* y, int n) {
  const hn::CappedTag<float, 16> d;
  auto sum = hn::Zero(d);
  int i = 0;
  for (; i + static_cast<int>(hn::Lanes(d)) <= n; i += static_cast<int>(hn::Lanes(d)))
    sum = hn::MulAdd(hn::LoadU(d, x + i), hn::LoadU(d, y + i), sum);
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < n; ++i) total += x[i] * y[i];
  return total;
}
void to_bf16_t(const float* x, int n, BF16* out) {
  for (int i = 0; i < n; ++i) out[i] = to_bf16(x[i]);
}
void from_bf16_t(const BF16* x, int n, float* out) {
  for (int i = 0; i < n; ++i) out[i] = from_bf16(x[i]);
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(add_t);
HWY_EXPORT(add_scaled_t);
HWY_EXPORT(dot_t);
HWY_EXPORT(to_bf16_t);
HWY_EXPORT(from_bf16_t);

void add(float* x, const float* y, int n) { HWY_DYNAMIC_DISPATCH(add_t)(x, y, n); }
void add(float* x, float w, const float* y, int n) { HWY_DYNAMIC_DISPATCH(add_scaled_t)(x, w, y, n); }

float dot(const float* x, const float* y, int n) { return HWY_DYNAMIC_DISPATCH(dot_t)(x, y, n); }

void convert(Compute compute, const float* x, int n, void* out) {
  if (compute == Compute::kBF16) {
    HWY_DYNAMIC_DISPATCH(to_bf16_t)(x, n, static_cast<BF16*>(out));
  } else {
    std::memcpy(out, x, n * sizeof(float));
  }
}

void expand(Compute compute, const void* x, int n, float* out) {
  if (compute == Compute::kBF16) {
    HWY_DYNAMIC_DISPATCH(from_bf16_t)(static_cast<const BF16*>(x), n, out);
  } else {
    std::memcpy(out, x, n * sizeof(float));
  }
}

void to_compute(Compute compute, const float* x, int n, void* out) {
  const std::size_t size = compute_bytes(compute), pad = (round_up(n, kKBlock) - n) * size;
  convert(compute, x, n, out);
  if (pad) std::memset(static_cast<char*>(out) + n * size, 0, pad);
}

}  // namespace ponder
#endif
