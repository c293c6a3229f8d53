// All picks go through the row in the order of token ids.
#include "law/small_row.h"

#include <algorithm>
#include <cmath>

#include "base/counted_noise.h"
#include "base/infinity.h"
#include "base/log_sum_exp.h"

namespace ponder {
namespace {

void pick(const std::vector<double>& lp, const Needs& needs, Row& out) {
  const Draw& d = needs.draw;
  const int n = static_cast<int>(lp.size());
  const auto take = [&](Token v) {
    out.drawn = v;
    out.drawn_logprob = lp[v];
  };
  if (d.kind == Draw::Kind::kArgmax) {
    std::vector<float> made(d.counted ? lp.size() : 0);
    if (d.counted) counted_gumbels(*d.counted, 0, made);
    const float* noise = d.counted ? made.data() : d.noise;
    double best = -kInf;
    for (Token v = 0; v < n; ++v) {
      const double value = needs.alpha * lp[v] + (noise ? noise[v] : 0.f);
      if (value > best) best = value, take(v);
    }
  } else if (d.kind == Draw::Kind::kInverseCdf) {
    const double lz = needs.lz ? out.lz : log_sum_exp(lp, needs.alpha);
    double cdf = 0;
    for (Token v = 0; v < n; ++v) {
      if (lp[v] == -kInf) continue;
      cdf += std::exp(needs.alpha * lp[v] - lz);
      take(v);
      if (d.u < cdf) break;
    }
  } else if (d.kind == Draw::Kind::kList) {
    std::vector<TokenProb> all;
    for (Token v = 0; v < n; ++v)
      if (lp[v] != -kInf) all.push_back({v, lp[v]});
    // The list, and the one after it.
    const auto n_sorted = std::min(all.size(), static_cast<std::size_t>(d.max_items) + 1);
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n_sorted), all.end(),
                      [](const auto& a, const auto& b) {
                        return a.logprob != b.logprob ? a.logprob > b.logprob : a.token < b.token;
                      });
    double mass = 0;
    for (const TokenProb& p : all) {
      if (p.logprob < d.bound || static_cast<int>(out.list.size()) >= d.max_items) {
        out.next_logprob = p.logprob;
        break;
      }
      out.list.push_back(p);
      mass += std::exp(p.logprob);
    }
    out.mass_left = std::max(0., 1 - mass);
  } else if (d.kind == Draw::Kind::kRow) {
    out.logits.assign(lp.begin(), lp.end());
  }
}

}  // namespace

Row small_row(const std::vector<double>& lp, const Needs& needs, Token target) {
  Row out;
  if (target >= 0) out.logprob = lp[target];
  if (needs.lz) out.lz = log_sum_exp(lp, needs.alpha);
  if (needs.entropy)
    for (double x : lp)
      if (x != -kInf) out.entropy -= std::exp(x) * x;
  pick(lp, needs, out);
  return out;
}

}  // namespace ponder
