// Arrays of draws and their transformations in diagnostics: splitting, rank-normalising, folding;
// moments and quantiles. Not the diagnostics themselves. Vehtari et al. 2021, section 4.
#pragma once

#include "ponder/chains/diagnostics.h"

namespace ponder {

using DrawTable = std::vector<std::vector<double>>;  // (chains, draws)

std::vector<double> pooled(ChainDraws);  // (chains · draws)

double mean(std::span<const double>);  // exact for equal values, so that their variance is 0
double variance(std::span<const double>);
std::vector<double> means(ChainDraws);  // (chains)

/// Type 7 of Hyndman and Fan, the default of R and NumPy. Equal neighbours give their value
/// exactly, so that draws repeated by a rejection count as at most their quantile; ArviZ 0.23 may
/// differ by a rounding error, R and NumPy do not.
double quantile(std::vector<double> values, double p);
double median(std::vector<double> values);

DrawTable split(ChainDraws);    // (2 · chains, draws / 2); an odd chain loses its middle draw
DrawTable z_scale(DrawTable);   // normal quantiles of the ranks, ties sharing their mean rank
DrawTable fold(DrawTable);      // distances from the median
DrawTable squares(ChainDraws);  // squared distances from the mean
DrawTable up_to(ChainDraws, double bound);  // 1 where a draw is at most the bound, else 0

}  // namespace ponder
