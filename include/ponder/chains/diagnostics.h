// Convergence of chains, from the draws of one scalar: R-hat, effective sample sizes and Monte
// Carlo errors as Stan and ArviZ 0.23 compute them. Not plots, and not a verdict: thresholds are
// the caller's. Vehtari, Gelman, Simpson, Carpenter, Bürkner 2021, "Rank-normalization, folding,
// and localization"; nested R-hat: Margossian et al. 2024.
#pragma once

#include <span>
#include <vector>

namespace ponder {

/// Draws of one scalar, (chains, draws). Chains of different lengths are a bug of the caller.
///
/// All functions return NaN when a draw is not finite (as R's `posterior` does; ArviZ ranks
/// infinities), with fewer than 4 draws a chain, and for R-hat with fewer than 2 chains. When all
/// draws are equal, R-hat and mcse_sd are NaN, ESS is the number of draws, and mcse_mean is 0. A
/// chain of odd length loses its middle draw when it is split.
using ChainDraws = std::span<const std::vector<double>>;

/// The larger of the split R-hats of rank-normalised and of folded rank-normalised draws. Infinite
/// for chains that stand still at different values.
double rhat(ChainDraws);

double ess_bulk(ChainDraws);  // of rank-normalised draws
double ess_tail(ChainDraws);  // the smaller of those of the 5 % and 95 % quantiles
double ess_mean(ChainDraws);  // of the draws themselves; the error of their mean follows from it
/// ESS of the indicator of draws up to the quantile, p in (0, 1).
double ess_quantile(ChainDraws, double p);

double mcse_mean(ChainDraws);  // standard errors, in the unit of the draws
double mcse_sd(ChainDraws);
double mcse_quantile(ChainDraws, double p);

/// Nested R-hat, for many short chains. The chains are n_superchains consecutive groups of equal
/// size, and those of one group have started from one point. The draws are neither ranked nor
/// split, as in the paper. One draw a chain is enough where groups have several chains; the result
/// is NaN with fewer than 2 groups, or with one chain a group and one draw. Compare it with sqrt(1
/// + 1/M + τ) for M chains a group.
double rhat_nested(ChainDraws, int n_superchains);

struct Summary {
  double mean, sd, q5, median, q95;  // NaN as for ChainDraws
  double mcse_mean, ess_bulk, ess_tail, rhat;
};
Summary summarise(ChainDraws);

}  // namespace ponder
