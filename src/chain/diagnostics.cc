// Each diagnostic is one of two estimators, R-hat or ESS, of transformed draws.
#include "ponder/chains/diagnostics.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "chain/draws.h"
#include "chain/ess.h"

namespace ponder {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool enough(ChainDraws x, std::size_t min_chains, std::size_t min_draws) {
  if (x.empty()) return false;
  for (const auto& chain : x) {
    PONDER_CHECK(chain.size() == x[0].size());
    if (!std::all_of(chain.begin(), chain.end(), [](double v) { return std::isfinite(v); }))
      return false;
  }
  return x.size() >= min_chains && x[0].size() >= min_draws;
}
bool enough(ChainDraws x) { return enough(x, 1, 4); }

double split_rhat(const DrawTable& x) {
  const double n = static_cast<double>(x[0].size());
  double within = 0;
  for (const auto& chain : x) within += variance(chain) / static_cast<double>(x.size());
  return std::sqrt((n * variance(means(x)) / within + n - 1) / n);
}

}  // namespace

double rhat(ChainDraws x) {
  if (!enough(x, 2, 4)) return kNaN;
  const double bulk = split_rhat(z_scale(split(x))), tail = split_rhat(z_scale(fold(split(x))));
  return tail > bulk ? tail : bulk;  // draws of two values fold into one value and have no tail
}

double ess_bulk(ChainDraws x) { return enough(x) ? effective_size(z_scale(split(x))) : kNaN; }
double ess_tail(ChainDraws x) { return std::min(ess_quantile(x, 0.05), ess_quantile(x, 0.95)); }
double ess_mean(ChainDraws x) { return enough(x) ? effective_size(split(x)) : kNaN; }
double ess_quantile(ChainDraws x, double p) {
  return enough(x) ? effective_size(split(up_to(x, quantile(pooled(x), p)))) : kNaN;
}

double mcse_mean(ChainDraws x) {
  return enough(x) ? std::sqrt(variance(pooled(x)) / ess_mean(x)) : kNaN;
}

// The delta method: sd = sqrt(E s), s the squared distances from the mean.
double mcse_sd(ChainDraws x) {
  if (!enough(x)) return kNaN;
  const DrawTable s = squares(x);
  const std::vector<double> all = pooled(s);
  const double n = static_cast<double>(all.size());
  return std::sqrt(variance(all) * (n - 1) / n / ess_mean(s) / mean(all) / 4);
}

// Half the distance between the order statistics one standard error below and above, by the beta
// law of a quantile.
double mcse_quantile(ChainDraws x, double p) {
  if (!enough(x)) return kNaN;
  const double ess = ess_quantile(x, p);
  std::vector<double> all = pooled(x);
  std::sort(all.begin(), all.end());
  const double n = static_cast<double>(all.size());
  const auto place = [&](double u) {
    return boost::math::ibeta_inv(ess * p + 1, ess * (1 - p) + 1, u) * n - 1;
  };
  // Phi(-1), Phi(1), to ArviZ's digits
  const double low = std::floor(std::max(place(0.1586553), 0.0));
  const double high = std::ceil(std::min(place(0.8413447), n - 1));
  return (all[static_cast<std::size_t>(high)] - all[static_cast<std::size_t>(low)]) / 2;
}

// sqrt(1 + B / W): B the variance of the superchains' means, W the mean over superchains of the
// variance of their chains' means and the mean variance within a chain; the variance of one chain
// or one draw is 0.
double rhat_nested(ChainDraws x, int n_superchains) {
  if (n_superchains < 2 || !enough(x, 2, 1)) return kNaN;
  const auto k = static_cast<std::size_t>(n_superchains);
  PONDER_CHECK(x.size() % k == 0);
  const std::size_t m = x.size() / k;
  const std::vector<double> chain_means = means(x);
  std::vector<double> super_means;
  double within = 0;
  for (std::size_t s = 0; s < k; ++s) {
    const auto group = std::span(chain_means).subspan(s * m, m);
    super_means.push_back(mean(group));
    if (m > 1) within += variance(group) / static_cast<double>(k);
    if (x[0].size() == 1) continue;
    for (const auto& chain : x.subspan(s * m, m))
      within += variance(chain) / static_cast<double>(x.size());
  }
  if (m == 1 && x[0].size() == 1) return kNaN;
  return std::sqrt(1 + variance(super_means) / within);
}

Summary summarise(ChainDraws x) {
  if (!enough(x)) return {kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  const std::vector<double> all = pooled(x);
  return {.mean = mean(all),
          .sd = std::sqrt(variance(all)),
          .q5 = quantile(all, 0.05),
          .median = median(all),
          .q95 = quantile(all, 0.95),
          .mcse_mean = mcse_mean(x),
          .ess_bulk = ess_bulk(x),
          .ess_tail = ess_tail(x),
          .rhat = rhat(x)};
}

}  // namespace ponder
