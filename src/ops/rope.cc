// Rotary positions as plain loops, which the compiler vectorises for each target.
#include "ops/rope.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rope.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {

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

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(rope_interleaved_t);
HWY_EXPORT(rope_halves_t);

void rope_interleaved(float* x, const float* cos, const float* sin, int n) {
  HWY_DYNAMIC_DISPATCH(rope_interleaved_t)(x, cos, sin, n);
}
void rope_halves(float* x, const float* cos, const float* sin, int n) {
  HWY_DYNAMIC_DISPATCH(rope_halves_t)(x, cos, sin, n);
}

}  // namespace ponder
#endif
