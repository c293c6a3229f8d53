// From logits to a sequence that keeps the constraints. Not the nearest one, which takes a
// programme over all positions (exact_optimum): a near one in a few microseconds.
#pragma once

#include <span>

#include "ponder/dna/dna.h"

namespace ponder::dna {

/// The argmax of z (n, 4) among the letters that may stand; with a budget of edits those of the
/// largest margins; then one letter changed, at the least loss, wherever a forbidden pattern
/// matches. A pattern that no single change undoes stays: the constraint term tells.
Sequence snap(std::span<const double> z, const Constraints&);

}  // namespace ponder::dna
