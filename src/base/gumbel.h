// Gumbel noise: draws, draws given the largest sum, and the transform to and from standard normals.
// All are finite in both tails. docs/methods.md#relaxations; Maddison et al. 2014 (truncation by
// the maximum).
#pragma once

#include <cmath>
#include <limits>

namespace ponder {

/// A standard Gumbel draw from a uniform in [0, 1).
double gumbel(double u);
/// Noise g of a candidate of log-weight mu that is not the largest, when the largest of mu + gumbel
/// is `top`: -log(exp(-g0) + exp(mu - top)).
double loser_noise(double g0, double mu, double top);

/// g = -log(-log Phi(eps)) and its derivative.
double gumbel_of_normal(double eps);
double gumbel_slope(double eps);
/// eps with gumbel_of_normal(eps) = g.
double normal_of_gumbel(double g);
/// A standard normal draw from a uniform in [0, 1).
double normal(double u);

}  // namespace ponder
