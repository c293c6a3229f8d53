// The effective sample size of chains, without splitting and ranks. Geyer 1992; Stan's estimator.
#pragma once

#include "ponder/chains/diagnostics.h"

namespace ponder {

/// Needs at least 2 draws a chain, all finite.
double effective_size(ChainDraws);

}  // namespace ponder
