// A row of which all log-probabilities are given, in double precision: every pick of a request, lz,
// entropy. The engine of this library's own networks reduces rows where it makes them
// (cpu/row_reduce.h).
#pragma once

#include <vector>

#include "ponder/density/density.h"

namespace ponder {

/// lp (n_vocab): log-probabilities after the mask, -inf where masked. target < 0: no target.
Row small_row(const std::vector<double>& lp, const Needs&, Token target);

}  // namespace ponder
