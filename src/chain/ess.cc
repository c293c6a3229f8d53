// Autocorrelations of all chains together, summed until noise dominates: Geyer's initial monotone
// sequence. Autocovariances are direct sums, one lag after the other, and not a Fourier transform:
// the sequence ends after a few autocorrelation times, so that a chain that mixes costs less than
// its transform. Where the sequence has not ended after 1,000 lags, it changes little from one lag
// to the next, and every second draw is enough: a chain that stands still for 100,000 draws then
// costs seconds, not the minutes of n² / 2 multiplications.
#include "chain/ess.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "chain/draws.h"

namespace ponder {
namespace {

constexpr std::size_t kMostLags = 1000;

// Every second draw.
DrawTable thinned(const DrawTable& x) {
  DrawTable y(x.size());
  for (std::size_t c = 0; c < x.size(); ++c)
    for (std::size_t i = 0; i < x[c].size(); i += 2) y[c].push_back(x[c][i]);
  return y;
}

DrawTable centred(ChainDraws x) {
  DrawTable y(x.begin(), x.end());
  for (auto& chain : y)
    for (const double m = mean(chain); double& v : chain) v -= m;
  return y;
}

// Mean over chains of 1/n Σ_s x_s x_{s+lag}, where x is centred.
double autocovariance(const DrawTable& x, std::size_t lag) {
  double sum = 0;
  for (const auto& chain : x)
    sum += std::transform_reduce(chain.begin() + static_cast<std::ptrdiff_t>(lag), chain.end(),
                                 chain.begin(), 0.0);
  return sum / static_cast<double>(x.size() * x[0].size());
}

// Autocorrelation time in draws.
double autocorrelation_time(ChainDraws x) {
  const std::size_t n = x[0].size();
  const DrawTable c = centred(x);
  const double biased = autocovariance(c, 0);
  const double within = biased * static_cast<double>(n) / static_cast<double>(n - 1);
  const double total = biased + (x.size() > 1 ? variance(means(x)) : 0);
  const auto rho = [&](std::size_t lag) { return 1 - (within - autocovariance(c, lag)) / total; };

  // tau = -1 + 2 Σ of pairs rho_2k + rho_2k+1 while they are positive, made non-increasing; of the
  // last pair the even term is added once.
  double tau = -1, bound = std::numeric_limits<double>::infinity();
  double even = 1, odd = rho(1);
  for (std::size_t lag = 2; lag + 2 < n && even + odd > 0; lag += 2) {
    bound = std::min(bound, even + odd);
    tau += 2 * bound;
    if (lag > kMostLags) return 2 * autocorrelation_time(thinned({x.begin(), x.end()}));
    even = rho(lag);
    odd = rho(lag + 1);
  }
  if (even > 0 || even + odd >= 0) tau += even;
  return tau;
}

}  // namespace

double effective_size(ChainDraws x) {
  const std::vector<double> all = pooled(x);
  const double size = static_cast<double>(all.size());
  if (std::all_of(all.begin(), all.end(), [&](double v) { return v == all[0]; })) return size;
  const double tau = autocorrelation_time(x);
  // for antithetic chains ESS is at most size · log10(size)
  return size / std::max(tau, 1 / std::log10(size));
}

}  // namespace ponder
