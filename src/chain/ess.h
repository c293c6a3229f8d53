// The effective sample size of chains as they are: no splitting, no ranks. Geyer 1992; Stan's
// estimator.
#pragma once

#include "ponder/chains/diagnostics.h"

namespace ponder {

/// At least 2 draws a chain, all finite.
double effective_size(ChainDraws);

}  // namespace ponder
