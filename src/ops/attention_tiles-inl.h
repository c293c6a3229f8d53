// The two products of attention as tiles of several queries by several vectors, shared by the forward pass and its
// derivative: scores against keys kept sixteen positions side by side, and weighted sums of rows. Included once a
// target.
#if defined(PONDER_OPS_ATTENTION_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PONDER_OPS_ATTENTION_TILES_INL_H_
#undef PONDER_OPS_ATTENTION_TILES_INL_H_
#else
#define PONDER_OPS_ATTENTION_TILES_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "ops/attention.h"

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using AD = hn::CappedTag<float, 16>;
using AV = hn::Vec<AD>;
constexpr AD kAD{};
constexpr int kLanes = static_cast<int>(hn::MaxLanes(kAD));
constexpr bool kManyRegisters = kLanes == 16;

// Queries (m, head_dim) against part of a run; scores (m, ld), the run's first position at `pos`.
struct ScoreRun {
  const float* keys;
  int head_dim, slot, n, pos, ld;
  float scale;
};

// kQ queries by kV vectors of keys, vector i at slots [(first + i) kLanes, …).
template <int kQ, int kV>
HWY_INLINE void score_tile(const ScoreRun& r, int first, const float* HWY_RESTRICT q, float* HWY_RESTRICT scores) {
  const float* k[kV];
  for (int v = 0; v < kV; ++v) {
    const int slot = (first + v) * kLanes;
    k[v] = r.keys + static_cast<std::ptrdiff_t>(slot / kKeyBlock) * r.head_dim * kKeyBlock + slot % kKeyBlock;
  }
  AV sum[kQ][kV];
  for (int j = 0; j < kQ; ++j)
    for (int v = 0; v < kV; ++v) sum[j][v] = hn::Zero(kAD);
  for (int i = 0; i < r.head_dim; ++i) {
    AV key[kV];
    for (int v = 0; v < kV; ++v) key[v] = hn::Load(kAD, k[v] + i * kKeyBlock);
    for (int j = 0; j < kQ; ++j) {
      const AV x = hn::Set(kAD, q[j * r.head_dim + i]);
      for (int v = 0; v < kV; ++v) sum[j][v] = hn::MulAdd(x, key[v], sum[j][v]);
    }
  }
  for (int v = 0; v < kV; ++v) {
    const int slot = (first + v) * kLanes, lo = r.slot - slot, hi = r.slot + r.n - slot;
    for (int j = 0; j < kQ; ++j) {
      float* to = scores + static_cast<std::ptrdiff_t>(j) * r.ld + r.pos - lo;
      const AV x = hn::Mul(sum[j][v], hn::Set(kAD, r.scale));
      if (lo <= 0 && hi >= kLanes) {
        hn::StoreU(x, kAD, to);
      } else {
        alignas(64) float lane[kLanes];
        hn::Store(x, kAD, lane);
        for (int l = std::max(lo, 0); l < std::min(hi, kLanes); ++l) to[l] = lane[l];
      }
    }
  }
}

template <int kQ>
void score_queries(const ScoreRun& r, const float* q, float* scores) {
  constexpr int kWide = kQ <= 3 ? 4 : 2;
  const int end = (r.slot + r.n - 1) / kLanes + 1;
  int v = r.slot / kLanes;
  for (; v + kWide <= end; v += kWide) score_tile<kQ, kWide>(r, v, q, scores);
  for (; v < end; ++v) score_tile<kQ, 1>(r, v, q, scores);
}

// out (kQ, head_dim) += p (kQ, ld) v over one run; kC vectors of a head at once.
struct WeighRun {
  const float* values;  // of the first position
  int head_dim, n, ld;
};
template <int kQ, int kC>
HWY_INLINE void weigh_tile(const WeighRun& r, int column, const float* HWY_RESTRICT p, float* HWY_RESTRICT out) {
  AV sum[kQ][kC];
  for (int j = 0; j < kQ; ++j)
    for (int c = 0; c < kC; ++c) sum[j][c] = hn::LoadU(kAD, out + j * r.head_dim + column + c * kLanes);
  const float* v = r.values + column;
  for (int i = 0; i < r.n; ++i, v += r.head_dim) {
    AV value[kC];
    for (int c = 0; c < kC; ++c) value[c] = hn::LoadU(kAD, v + c * kLanes);
    for (int j = 0; j < kQ; ++j) {
      const AV w = hn::Set(kAD, p[static_cast<std::ptrdiff_t>(j) * r.ld + i]);
      for (int c = 0; c < kC; ++c) sum[j][c] = hn::MulAdd(w, value[c], sum[j][c]);
    }
  }
  for (int j = 0; j < kQ; ++j)
    for (int c = 0; c < kC; ++c) hn::StoreU(sum[j][c], kAD, out + j * r.head_dim + column + c * kLanes);
}
template <int kQ>
void weigh_queries(const WeighRun& r, const float* p, float* out) {
  int c = 0;
  for (; c + 4 * kLanes <= r.head_dim; c += 4 * kLanes) weigh_tile<kQ, 4>(r, c, p, out);
  for (; c < r.head_dim; c += kLanes) weigh_tile<kQ, 1>(r, c, p, out);
}

// Calls fn.operator()<k>(first query) for tiles that cover m queries, as large as the registers allow.
template <int kMost, class F>
HWY_INLINE void tiles(int m, const F& fn) {
  int j = 0;
  for (; j + kMost <= m; j += kMost) fn.template operator()<kMost>(j);
  if constexpr (kMost > 1)
    if (j < m) tiles<kMost - 1>(m - j, [&]<int k>(int i) { fn.template operator()<k>(j + i); });
}

void score(const ScoreRun& r, int m, const float* q, float* scores) {
  tiles<kManyRegisters ? 8 : 4>(m, [&]<int k>(int j) {
    score_queries<k>(r, q + static_cast<std::ptrdiff_t>(j) * r.head_dim,
                     scores + static_cast<std::ptrdiff_t>(j) * r.ld);
  });
}
void weigh(const WeighRun& r, int m, const float* p, float* out) {
  tiles<kManyRegisters ? 6 : 3>(m, [&]<int k>(int j) {
    weigh_queries<k>(r, p + static_cast<std::ptrdiff_t>(j) * r.ld, out + static_cast<std::ptrdiff_t>(j) * r.head_dim);
  });
}

}  // namespace
}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // PONDER_OPS_ATTENTION_TILES_INL_H_
