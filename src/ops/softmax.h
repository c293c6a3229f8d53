// The softmax of attention and its derivative, for the scores of one query. Not that of vocabulary
// rows (reduce.h).
#pragma once

#include "ops/gemm.h"

namespace ponder {

/// out[i] = exp(scores[i] - max) in compute type, n of them; their sum, before rounding. out may
/// lie where the scores do, or begin before them.
float softmax_weights(Compute, const float* scores, int n, float max, void* out);

/// From scores p, their lse and ds = d/d weights to the weights p = exp(p - lse) and d/d scores
/// before the cap, ds = p (ds - sum p ds) · the slope of cap tanh(. / cap). cap 0: none; p comes
/// with the cap applied.
void softmax_vjp(float* p, float* ds, int n, float lse, float cap);

}  // namespace ponder
