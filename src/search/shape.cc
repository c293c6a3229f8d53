// Repetition penalty (Keskar et al. 2019), top-k (Fan et al. 2018), top-p (Holtzman et al. 2020),
// min-p (Nguyen et al. 2024).
#include "search/shape.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace ponder {

std::vector<std::pair<Token, double>> shape(std::vector<float> logits,
                                            const std::vector<Token>& seen, const DecodeConfig& c) {
  for (Token v : std::set<Token>(seen.begin(), seen.end())) {
    const auto p = static_cast<float>(c.repetition_penalty);
    logits[v] = logits[v] > 0 ? logits[v] / p : logits[v] * p;
  }
  std::vector<std::pair<Token, double>> all;
  for (std::size_t v = 0; v < logits.size(); ++v)
    if (std::isfinite(logits[v])) all.emplace_back(static_cast<Token>(v), logits[v]);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (c.temperature <= 0) all.resize(1);
  if (c.top_k > 0 && all.size() > static_cast<std::size_t>(c.top_k)) all.resize(c.top_k);
  const double max = all[0].second;
  double total = 0, cdf = 0;
  for (const auto& [v, l] : all) total += std::exp(l - max);
  std::size_t keep = 0;
  for (; keep < all.size(); ++keep) {
    const double p = std::exp(all[keep].second - max) / total;
    // The token that crosses top_p is kept; min_p is relative to the most likely one.
    if (keep > 0 && (cdf >= c.top_p || p * total < c.min_p)) break;
    cdf += p;
  }
  all.resize(keep);
  total = 0;
  const double temperature = c.temperature > 0 ? c.temperature : 1;
  for (auto& [v, w] : all) total += w = std::exp((w - max) / temperature);
  for (auto& [v, w] : all) w /= total;
  return all;
}

}  // namespace ponder
