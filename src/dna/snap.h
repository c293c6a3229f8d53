// Turns logits into a sequence that keeps the constraints, in a few microseconds. Not the nearest
// such sequence, which takes a dynamic programme (exact_optimum), but a near one.
#pragma once

#include <span>

#include "ponder/dna/dna.h"

namespace ponder::dna {

/// Takes the argmax of z (n, 4) among the allowed letters; with an edit budget, keeps the edits of
/// the largest margins; then changes one letter, at the least loss, wherever a forbidden pattern
/// matches. A pattern that no single change removes stays, and the constraint term forbids the
/// sequence.
Sequence snap(std::span<const double> z, const Constraints&);

}  // namespace ponder::dna
