// Gumbel noise: its draws, its draws given where the largest sum is, and its transform to and from
// standard normals. Finite in both tails. docs/methods.md#relaxations; Maddison et al. 2014
// (truncation by the maximum).
#pragma once

#include <cmath>
#include <limits>

namespace ponder {

/// A standard Gumbel from a uniform in [0, 1).
double gumbel(double u);
/// Noise g of a loser of log-weight mu, when the largest of mu + gumbel is `top`: -log(exp(-g0) +
/// exp(mu - top)).
double loser_noise(double g0, double mu, double top);

/// g = -log(-log Phi(eps)) and its derivative.
double gumbel_of_normal(double eps);
double gumbel_slope(double eps);
/// eps with gumbel_of_normal(eps) = g.
double normal_of_gumbel(double g);
/// A standard normal from a uniform in [0, 1).
double normal(double u);

}  // namespace ponder
