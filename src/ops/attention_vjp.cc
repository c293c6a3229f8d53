// With scores s = scale q k, weights p = exp(s - lse), outputs o = sum p v:
//   dv = sum_queries p do,  dp = do v,  ds = p (dp - sum p dp) scale,  dq = sum_positions ds k,  dk = sum_queries ds q.
// The weights are made again from the log-sum-exp (as Dao et al. 2022 do). Queries come in blocks; every sum runs in
// order of position or of query.
#include "ops/attention_vjp.h"

#include <algorithm>
#include <cmath>

#include "ops/activation.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention_vjp.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "ops/attention_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {

// The buffers of one call, all float32. Positions count from 0; m is queries of a block.
struct Work {
  int hd = 0, n = 0, m = 0, own = 0;                   // head size, positions, queries, positions of the reply
  int ld = 0;                                          // of weights and their derivatives
  float* keys = nullptr;                               // (n, hd): row by row
  float* values = nullptr;                             // (n / 16, hd, 16): side by side
  float *q = nullptr, *dout = nullptr, *dq = nullptr;  // (m, hd)
  float *p = nullptr, *ds = nullptr;                   // (m, ld); a vector may begin before its first position
  float* turned = nullptr;                             // (own, m)
  float *dk = nullptr, *dv = nullptr;                  // (own, hd)
};

// Keys and values of all positions in the two layouts that the products below need.
void gather(const KvHead& kv, std::span<const KvRun> runs, const Work& w) {
  for_positions(runs, 0, w.n, [&](int pos, int slot, int n) {
    for (int i = 0; i < n; ++i) {
      const int s = slot + i;
      const float* key = kv.keys + static_cast<std::ptrdiff_t>(s / kKeyBlock) * w.hd * kKeyBlock + s % kKeyBlock;
      float* to = w.keys + static_cast<std::ptrdiff_t>(pos + i) * w.hd;
      for (int j = 0; j < w.hd; ++j) to[j] = key[static_cast<std::ptrdiff_t>(j) * kKeyBlock];
      store_key(kv.values + static_cast<std::ptrdiff_t>(s) * w.hd, w.hd, pos + i, w.values);
    }
  });
}

// Scores become weights and dp becomes ds, over positions [first, n) of one query; what lies outside becomes zero.
void softmax_vjp(const AttentionShape& s, float lse, int first, int n, int n_all, float* p, float* ds) {
  if (s.soft_cap > 0) soft_cap(p + first, n - first, s.soft_cap);
  std::fill(p, p + first, 0.f);
  std::fill(ds, ds + first, 0.f);
  std::fill(p + n, p + n_all, 0.f);
  std::fill(ds + n, ds + n_all, 0.f);
  if (s.soft_cap > 0) {
    // ds for now: the slope of the cap times dp, kept apart from the mean of dp itself
    float mean = 0;
    for (int j = first; j < n; ++j) mean += std::exp(p[j] - lse) * ds[j];
    for (int j = first; j < n; ++j) {
      const float slope = 1 - p[j] / s.soft_cap * (p[j] / s.soft_cap), weight = std::exp(p[j] - lse);
      ds[j] = weight * (ds[j] - mean) * slope * s.scale;
      p[j] = weight;
    }
    return;
  }
  AV sum = hn::Zero(kAD);
  int j = first;
  for (; j + kLanes <= n; j += kLanes) {
    const AV e = hn::Exp(kAD, hn::Sub(hn::LoadU(kAD, p + j), hn::Set(kAD, lse)));
    hn::StoreU(e, kAD, p + j);
    sum = hn::MulAdd(e, hn::LoadU(kAD, ds + j), sum);
  }
  float mean = hn::GetLane(hn::SumOfLanes(kAD, sum));
  for (; j < n; ++j) {
    p[j] = hn::GetLane(hn::Exp(kAD, hn::Set(kAD, p[j] - lse)));
    mean += p[j] * ds[j];
  }
  for (j = first; j < n; ++j) ds[j] = p[j] * (ds[j] - mean) * s.scale;
}

// to (own, m) = columns [n - own, n) of from (m, ld), turned.
void turn(const Work& w, const float* from) {
  for (int i = 0; i < w.m; ++i)
    for (int j = 0; j < w.own; ++j)
      w.turned[static_cast<std::ptrdiff_t>(j) * w.m + i] =
          from[static_cast<std::ptrdiff_t>(i) * w.ld + w.n - w.own + j];
}

// One block of rows; all have w.n positions or fewer.
void block_vjp(const AttentionShape& s, const KvHead& kv, std::span<const AttentionVjpRow> rows, const Work& w) {
  const std::ptrdiff_t width = static_cast<std::ptrdiff_t>(s.group) * w.hd;
  int start = w.n;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::copy_n(rows[r].q, width, w.q + r * width);
    std::copy_n(rows[r].dout, width, w.dout + r * width);
    start = std::min(start, rows[r].first);
  }
  for_positions(rows.back().runs, start, w.n, [&](int pos, int slot, int n) {
    score({kv.keys, w.hd, slot, n, pos, w.ld, s.scale}, w.m, w.q, w.p);
  });
  score({w.values, w.hd, start, w.n - start, start, w.ld, 1}, w.m, w.dout, w.ds);
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (int g = 0; g < s.group; ++g) {
      const std::ptrdiff_t row = (static_cast<std::ptrdiff_t>(r) * s.group + g) * w.ld;
      softmax_vjp(s, rows[r].lse[g], rows[r].first, path_length(rows[r].runs), w.n, w.p + row, w.ds + row);
    }
  std::fill_n(w.dq, w.m * w.hd, 0.f);
  weigh({w.keys, w.hd, w.n, w.ld}, w.m, w.ds, w.dq);
  for (std::size_t r = 0; r < rows.size(); ++r) std::copy_n(w.dq + r * width, width, rows[r].dq);
  turn(w, w.p);
  weigh({w.dout, w.hd, w.m, w.m}, w.own, w.turned, w.dv);
  turn(w, w.ds);
  weigh({w.q, w.hd, w.m, w.m}, w.own, w.turned, w.dk);
}

void attend_vjp_t(const AttentionShape& s, const KvHead& kv, std::span<const AttentionVjpRow> rows, float* scratch) {
  const int block = attention_rows(s), hd = s.head_dim, own = static_cast<int>(rows.size());
  const int n = path_length(rows.back().runs);
  const auto take = [&scratch](std::ptrdiff_t size) {
    float* at = scratch;
    scratch += (size + kKeyBlock - 1) / kKeyBlock * kKeyBlock;  // all begin on 64 bytes
    return at;
  };
  const int most = std::min(block, own) * s.group;
  Work w;
  w.hd = hd;
  w.n = n;
  w.own = own;
  w.ld = n + kKeyBlock;
  w.values = take(static_cast<std::ptrdiff_t>(n + kKeyBlock) * hd);
  w.keys = take(static_cast<std::ptrdiff_t>(n) * hd);
  w.q = take(most * hd);
  w.dout = take(most * hd);
  w.dq = take(most * hd);
  w.p = take(static_cast<std::ptrdiff_t>(most + 1) * w.ld) + kKeyBlock;
  w.ds = take(static_cast<std::ptrdiff_t>(most + 1) * w.ld) + kKeyBlock;
  w.turned = take(static_cast<std::ptrdiff_t>(own) * most);
  w.dk = take(static_cast<std::ptrdiff_t>(own) * hd);
  w.dv = take(static_cast<std::ptrdiff_t>(own) * hd);
  gather(kv, rows.back().runs, w);
  std::fill_n(w.dk, static_cast<std::ptrdiff_t>(own) * hd, 0.f);
  std::fill_n(w.dv, static_cast<std::ptrdiff_t>(own) * hd, 0.f);
  for (int r = 0; r < own; r += block) {
    const auto part = rows.subspan(r, std::min(block, own - r));
    // A block sees the positions up to its last row, and adds to the keys and values of its own up to there.
    Work b = w;
    b.n = path_length(part.back().runs);
    b.own = own - (n - b.n);
    b.m = static_cast<int>(part.size()) * s.group;
    block_vjp(s, kv, part, b);
  }
  for (int r = 0; r < own; ++r) {
    std::copy_n(w.dk + static_cast<std::ptrdiff_t>(r) * hd, hd, rows[r].dk);
    std::copy_n(w.dv + static_cast<std::ptrdiff_t>(r) * hd, hd, rows[r].dv);
  }
}

}  // namespace ponder::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ponder {
HWY_EXPORT(attend_vjp_t);

std::size_t attention_vjp_scratch(const AttentionShape& s, std::size_t n, int n_positions) {
  const std::size_t hd = s.head_dim, all = n_positions + kKeyBlock,
                    m = std::min<std::size_t>(attention_rows(s), n) * s.group;
  return 2 * all * hd + 3 * m * hd + 2 * (m + 1) * all + n * m + 2 * n * hd + 10 * kKeyBlock;
}

void attend_vjp(const AttentionShape& s, const KvHead& kv, std::span<const AttentionVjpRow> rows, float* scratch) {
  HWY_DYNAMIC_DISPATCH(attend_vjp_t)(s, kv, rows, scratch);
}

}  // namespace ponder
#endif
