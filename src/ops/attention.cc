// Scores, softmax and the weighted sum of values by Highway, one query head after the other.
#include "ops/attention.h"

#include <algorithm>

#include "ops/rowwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using AD = hn::CappedTag<float, 16>;
using AV = hn::Vec<AD>;
constexpr AD kAD{};
HWY_INLINE int alanes() { return static_cast<int>(hn::Lanes(kAD)); }

// kKeys dot products at once; each sums over the head in one order, then over the lanes.
template <int kKeys>
HWY_INLINE void dots(const float* HWY_RESTRICT q, const float* HWY_RESTRICT k, std::ptrdiff_t stride, int n,
                     float scale, float* HWY_RESTRICT out) {
  AV sum[kKeys];
  for (int j = 0; j < kKeys; ++j) sum[j] = hn::Zero(kAD);
  for (int i = 0; i < n; i += alanes()) {
    const AV x = hn::LoadU(kAD, q + i);
    for (int j = 0; j < kKeys; ++j) sum[j] = hn::MulAdd(x, hn::LoadU(kAD, k + j * stride + i), sum[j]);
  }
  for (int j = 0; j < kKeys; ++j) out[j] = hn::GetLane(hn::SumOfLanes(kAD, sum[j])) * scale;
}

// out[0 … 4 lanes) += sum_j p_j v_j over one run.
template <int kVectors>
HWY_INLINE void weighted(const float* HWY_RESTRICT p, const float* HWY_RESTRICT v, std::ptrdiff_t stride, int n,
                         float* HWY_RESTRICT out) {
  AV sum[kVectors];
  for (int c = 0; c < kVectors; ++c) sum[c] = hn::LoadU(kAD, out + c * alanes());
  for (int j = 0; j < n; ++j, v += stride) {
    const AV w = hn::Set(kAD, p[j]);
    for (int c = 0; c < kVectors; ++c) sum[c] = hn::MulAdd(w, hn::LoadU(kAD, v + c * alanes()), sum[c]);
  }
  for (int c = 0; c < kVectors; ++c) hn::StoreU(sum[c], kAD, out + c * alanes());
}

// p = exp(s - max), its sum; lanes hold positions first, first + 1, …
float softmax_weights(float* s, int n) {
  const float max = max_of(s, n);
  AV sum = hn::Zero(kAD);
  int i = 0;
  for (; i + alanes() <= n; i += alanes()) {
    const AV e = hn::Exp(kAD, hn::Sub(hn::LoadU(kAD, s + i), hn::Set(kAD, max)));
    hn::StoreU(e, kAD, s + i);
    sum = hn::Add(sum, e);
  }
  float total = hn::GetLane(hn::SumOfLanes(kAD, sum));
  for (; i < n; ++i) {
    s[i] = hn::GetLane(hn::Exp(kAD, hn::Set(kAD, s[i] - max)));
    total += s[i];
  }
  return total;
}

// Calls fn(position, slot, n) for the parts of the runs at or after `first`.
template <class F>
HWY_INLINE int for_runs(std::span<const KvRun> runs, int first, const F& fn) {
  int pos = 0;
  for (const KvRun& r : runs) {
    const int skip = std::clamp(first - pos, 0, r.n);
    if (skip < r.n) fn(pos + skip, r.slot + skip, r.n - skip);
    pos += r.n;
  }
  return pos;
}

void attend_t(const AttentionShape& s, const float* q, const float* k, const float* v, std::span<const KvRun> runs,
              int first, float* scores, float* out) {
  const std::ptrdiff_t stride = s.kv_stride;
  for (int g = 0; g < s.group; ++g, q += s.head_dim, out += s.head_dim) {
    const int n = for_runs(runs, first, [&](int pos, int slot, int len) {
      const float* key = k + slot * stride;
      float* to = scores + pos;
      int j = 0;
      for (; j + 4 <= len; j += 4) dots<4>(q, key + j * stride, stride, s.head_dim, s.scale, to + j);
      for (; j < len; ++j) dots<1>(q, key + j * stride, stride, s.head_dim, s.scale, to + j);
    });
    if (s.soft_cap > 0) soft_cap(scores + first, n - first, s.soft_cap);
    const float total = softmax_weights(scores + first, n - first);
    std::fill_n(out, s.head_dim, 0.f);
    for_runs(runs, first, [&](int pos, int slot, int len) {
      int c = 0;
      for (; c + 4 * alanes() <= s.head_dim; c += 4 * alanes())
        weighted<4>(scores + pos, v + slot * stride + c, stride, len, out + c);
      for (; c < s.head_dim; c += alanes()) weighted<1>(scores + pos, v + slot * stride + c, stride, len, out + c);
    });
    const float inverse = 1.f / total;
    for (int i = 0; i < s.head_dim; ++i) out[i] *= inverse;
  }
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(attend_t);

void attend(const AttentionShape& s, const float* q, const float* k, const float* v, std::span<const KvRun> runs,
            int first, float* scores, float* out) {
  HWY_DYNAMIC_DISPATCH(attend_t)(s, q, k, v, runs, first, scores, out);
}

}  // namespace ponder
#endif
