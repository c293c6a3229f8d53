// The softmax of attention and its derivative, for the scores of one query. Not that of vocabulary
// rows (reduce.h).
#pragma once

#include "ops/gemm.h"

namespace ponder {

/// Writes out[i] = exp(scores[i] - max) in compute type for n scores. Returns their sum before
/// rounding. out may be the array of scores or begin before it.
float softmax_weights(Compute, const float* scores, int n, float max, void* out);

/// On entry p holds scores, with the cap applied, and ds = d/d weights; lse is the scores'
/// log-sum-exp. On return p holds the weights exp(p - lse), and ds = d/d scores before the cap: p
/// (ds - sum p ds) · the slope of cap tanh(. / cap). cap = 0: no cap.
void softmax_vjp(float* p, float* ds, int n, float lse, float cap);

}  // namespace ponder
