// Scores, softmax and the weighted sum of values, by Highway. Each score is one chain of multiply-adds over the head
// and each output one chain over the positions, so the shape of a tile never shows in the numbers.
#include "ops/attention.h"

#include <algorithm>
#include <cmath>

#include "ops/activation.h"
#include "ops/reduce.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention.cc"
#include <hwy/foreach_target.h>  // first: it includes this file once a target

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "ops/attention_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ponder::HWY_NAMESPACE {

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
