// Plain loops are fast enough: diagnostics run once in many steps, and each step runs a language
// model.
#include "chain/draws.h"

#include <algorithm>
#include <cmath>

#include "base/gumbel.h"

namespace ponder {
namespace {

template <class F>
DrawTable mapped(ChainDraws x, F f) {
  DrawTable y(x.begin(), x.end());
  for (auto& chain : y) std::transform(chain.begin(), chain.end(), chain.begin(), f);
  return y;
}

}  // namespace

std::vector<double> pooled(ChainDraws x) {
  std::vector<double> all;
  for (const auto& chain : x) all.insert(all.end(), chain.begin(), chain.end());
  return all;
}

double mean(std::span<const double> x) {
  double sum = 0;
  for (double v : x) sum += v - x[0];
  return x[0] + sum / static_cast<double>(x.size());
}

double variance(std::span<const double> x) {
  const double m = mean(x);
  double sum = 0;
  for (double v : x) sum += (v - m) * (v - m);
  return sum / static_cast<double>(x.size() - 1);
}

std::vector<double> means(ChainDraws x) {
  std::vector<double> m;
  for (const auto& chain : x) m.push_back(mean(chain));
  return m;
}

double quantile(std::vector<double> x, double p) {
  const double n = static_cast<double>(x.size());
  const double h = n * p + (1 - p);  // a position among 1 … n
  const double k = std::floor(std::clamp(h, 1.0, n - 1));
  const auto low = x.begin() + static_cast<std::ptrdiff_t>(k) - 1;
  std::nth_element(x.begin(), low, x.end());
  const double above = *std::min_element(low + 1, x.end());
  return *low + std::clamp(h - k, 0.0, 1.0) * (above - *low);
}

double median(std::vector<double> x) {
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return x.size() % 2 == 1 ? *middle : (*std::max_element(x.begin(), middle) + *middle) / 2;
}

DrawTable split(ChainDraws x) {
  DrawTable y;
  const auto half = static_cast<std::ptrdiff_t>(x[0].size() / 2);
  for (const auto& chain : x) {
    y.emplace_back(chain.begin(), chain.begin() + half);
    y.emplace_back(chain.end() - half, chain.end());
  }
  return y;
}

DrawTable z_scale(DrawTable x) {
  std::vector<double*> order;
  for (auto& chain : x)
    for (double& v : chain) order.push_back(&v);
  std::sort(order.begin(), order.end(), [](const double* a, const double* b) { return *a < *b; });
  const double n = static_cast<double>(order.size());
  for (std::size_t i = 0, end = 0; i < order.size(); i = end) {
    while (end < order.size() && *order[end] == *order[i]) ++end;
    const double rank = 0.5 * static_cast<double>(i + 1 + end);  // the mean of i+1 … end
    const double z = normal((rank - 3.0 / 8) / (n + 1.0 / 4));   // Blom's offset
    for (std::size_t k = i; k < end; ++k) *order[k] = z;
  }
  return x;
}

DrawTable fold(DrawTable x) {
  return mapped(x, [m = median(pooled(x))](double v) { return std::abs(v - m); });
}

DrawTable squares(ChainDraws x) {
  return mapped(x, [m = mean(pooled(x))](double v) { return (v - m) * (v - m); });
}

DrawTable up_to(ChainDraws x, double bound) {
  return mapped(x, [bound](double v) { return v <= bound ? 1.0 : 0.0; });
}

}  // namespace ponder
