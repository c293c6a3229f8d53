// The row of a law over a few ids, in double precision: every pick of a request, lz, entropy. Not
// for a model's vocabulary (src/density does that in parallel).
#pragma once

#include <vector>

#include "ponder/density/density.h"

namespace ponder {

/// lp (n_vocab): log-probabilities after the mask, -inf where masked. target < 0: no target.
Row small_row(const std::vector<double>& lp, const Needs&, Token target);

}  // namespace ponder
