// Each side of the normal distribution is computed from its small tail, so that rounding loses no
// digits.
#include "base/gumbel.h"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <numbers>

namespace ponder {
namespace {

constexpr double kTiny = 1e-300;
constexpr double kFar = -37;  // below it Phi is a subnormal number, and its expansion is used

// log Phi(x), and the log of the density.
double log_phi(double x) {
  if (x > 0) return std::log1p(-0.5 * std::erfc(x / std::numbers::sqrt2));
  if (x > kFar) return std::log(0.5 * std::erfc(-x / std::numbers::sqrt2));
  return -0.5 * x * x - std::log(-x) - 0.5 * std::log(2 * std::numbers::pi);
}
double log_density(double x) { return -0.5 * x * x - 0.5 * std::log(2 * std::numbers::pi); }

// x with Phi(x) = p, p in (0, 1/2].
double lower_quantile(double p) {
  return -std::numbers::sqrt2 * boost::math::erfc_inv(2 * std::max(p, kTiny));
}

}  // namespace

double gumbel(double u) { return -std::log(-std::log(std::max(u, kTiny))); }

double loser_noise(double g0, double mu, double top) {
  const double a = -g0, b = mu - top, hi = std::max(a, b);
  return -(hi + std::log1p(std::exp(std::min(a, b) - hi)));
}

double gumbel_of_normal(double eps) { return -std::log(-log_phi(eps)); }

double gumbel_slope(double eps) {
  const double lp = log_phi(eps);
  return std::exp(log_density(eps) - lp) / -lp;
}

double normal_of_gumbel(double g) {
  const double minus_log_u = std::exp(-g);  // u = exp(-exp(-g))
  if (minus_log_u > std::numbers::ln2) {
    if (minus_log_u < 690) return lower_quantile(std::exp(-minus_log_u));
    return -std::sqrt(2 * (minus_log_u - 0.5 * std::log(4 * std::numbers::pi * minus_log_u)));
  }
  return -lower_quantile(-std::expm1(-minus_log_u));
}

double normal(double u) {
  u = std::max(u, kTiny);
  return u < 0.5 ? lower_quantile(u) : -lower_quantile(1 - u);
}

}  // namespace ponder
