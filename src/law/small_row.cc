// All picks go through the row in the order of token ids.
#include "law/small_row.h"

#include <algorithm>
#include <cmath>

#include "base/counted_noise.h"
#include "base/infinity.h"

namespace ponder {
namespace {

// exp(alpha x_v) of one entry, as a share of the largest: it is 1 however small all of them are.
double share(double x, double largest, double alpha) {
  return x == -kInf ? 0 : std::exp(alpha * (x - largest));
}

void pick(const std::vector<double>& lp, double largest, const Needs& needs, Row& out) {
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
    double total = 0, cdf = 0;
    for (double x : lp) total += share(x, largest, needs.alpha);
    for (Token v = 0; v < n; ++v) {
      if (lp[v] == -kInf) continue;
      cdf += share(lp[v], largest, needs.alpha) / total;
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
  const double largest = *std::ranges::max_element(lp);
  double sum = 0;
  for (double x : lp) {
    if (x == -kInf) continue;
    sum += share(x, largest, needs.alpha);
    if (needs.entropy) out.entropy -= std::exp(x) * x;
  }
  if (needs.lz) out.lz = needs.alpha * largest + std::log(sum);
  pick(lp, largest, needs, out);
  return out;
}

}  // namespace ponder
