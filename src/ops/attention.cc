// Scores, softmax and the weighted sum of values, by Highway. Tiles of several queries by several vectors of positions
// keep the multiply-adds busy; each score is one chain over the head and each output one chain over the positions, so
// the shape of a tile never shows in the numbers.
#include "ops/attention.h"

#include <algorithm>
#include <cmath>

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

// p = exp(s - max), its sum; lanes hold positions first, first + 1, …
float softmax_weights(float* s, int n, float max) {
  AV sum = hn::Zero(kAD);
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) {
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

constexpr int kEnd = 1 << 30;

void attend_t(const AttentionShape& s, const KvHead& kv, std::span<const AttentionRow> rows, float* scratch) {
  const int hd = s.head_dim, m = static_cast<int>(rows.size()) * s.group;
  int longest = 0, n_shared = kEnd, start = kEnd;  // positions [start, n_shared) are walked once for all rows
  for (const AttentionRow& r : rows) {
    longest = std::max(longest, path_length(r.runs));
    n_shared = std::min(n_shared, shared_positions(rows[0].runs, r.runs));
    start = std::min(start, r.first);
  }
  start = std::min(start, n_shared);
  const int ld = longest + kKeyBlock;
  float *inverse = scratch, *q = inverse + m, *out = q + static_cast<std::ptrdiff_t>(m) * hd;
  float* scores =
      out + static_cast<std::ptrdiff_t>(m) * hd + kKeyBlock;  // a vector may begin before its first position
  for (std::size_t r = 0; r < rows.size(); ++r) std::copy_n(rows[r].q, s.group * hd, q + r * s.group * hd);
  std::fill_n(out, static_cast<std::ptrdiff_t>(m) * hd, 0.f);

  const auto scored = [&](int first_query, int n_queries) {
    return [&, first_query, n_queries](int pos, int slot, int n) {
      score({kv.keys, hd, slot, n, pos, ld, s.scale}, n_queries, q + static_cast<std::ptrdiff_t>(first_query) * hd,
            scores + static_cast<std::ptrdiff_t>(first_query) * ld);
    };
  };
  const auto weighed = [&](int first_query, int n_queries) {
    return [&, first_query, n_queries](int pos, int slot, int n) {
      weigh({kv.values + static_cast<std::ptrdiff_t>(slot) * hd, hd, n, ld}, n_queries,
            scores + static_cast<std::ptrdiff_t>(first_query) * ld + pos,
            out + static_cast<std::ptrdiff_t>(first_query) * hd);
    };
  };
  for_positions(rows[0].runs, start, n_shared, scored(0, m));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const AttentionRow& row = rows[r];
    const int query = static_cast<int>(r) * s.group, n = path_length(row.runs);
    for_positions(row.runs, std::max(n_shared, row.first), kEnd, scored(query, s.group));
    for (int g = 0; g < s.group; ++g) {
      float* p = scores + static_cast<std::ptrdiff_t>(query + g) * ld;
      if (s.soft_cap > 0) soft_cap(p + row.first, n - row.first, s.soft_cap);
      const float max = max_of(p + row.first, n - row.first),
                  total = softmax_weights(p + row.first, n - row.first, max);
      std::fill(p + start, p + std::clamp(row.first, start, n_shared), 0.f);
      if (row.lse) row.lse[g] = max + std::log(total);
      inverse[query + g] = 1 / total;
    }
  }
  for_positions(rows[0].runs, start, n_shared, weighed(0, m));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const AttentionRow& row = rows[r];
    const int query = static_cast<int>(r) * s.group;
    for_positions(row.runs, std::max(n_shared, row.first), kEnd, weighed(query, s.group));
    for (int g = 0; g < s.group; ++g) {
      const float* sum = out + static_cast<std::ptrdiff_t>(query + g) * hd;
      for (int i = 0; i < hd; ++i) row.out[g * hd + i] = sum[i] * inverse[query + g];
    }
  }
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(attend_t);

void store_key(const float* key, int head_dim, int slot, float* keys) {
  float* to = keys + static_cast<std::ptrdiff_t>(slot / kKeyBlock) * head_dim * kKeyBlock + slot % kKeyBlock;
  for (int i = 0; i < head_dim; ++i) to[static_cast<std::ptrdiff_t>(i) * kKeyBlock] = key[i];
}

void attend(const AttentionShape& s, const KvHead& kv, std::span<const AttentionRow> rows, float* scratch) {
  HWY_DYNAMIC_DISPATCH(attend_t)(s, kv, rows, scratch);
}

}  // namespace ponder
#endif
