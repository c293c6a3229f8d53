// Rotary positions (Su et al. 2021). The derivative of a rotation is the rotation back: the same
// call with negated sines.
#pragma once

namespace ponder {

/// Rotates the n/2 pairs of one head by angles with the given cosines and sines, in place.
void rope_interleaved(float* x, const float* cos, const float* sin, int n);  // pairs (2i, 2i+1)
void rope_halves(float* x, const float* cos, const float* sin, int n);       // pairs (i, i + n/2)

}  // namespace ponder
