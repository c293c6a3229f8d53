// Reductions of n consecutive logits or scores, for any n.
#pragma once

namespace ponder {

float max_of(const float* x, int n);

/// The sums over a block of logits from which log-sum-exp is computed, added in float32 lanes and
/// then in double.
struct BlockSums {
  float max;       // -inf if all are masked
  double s;        // sum exp(l - max)
  double s_alpha;  // sum exp(alpha (l - max)), if wanted
  double s_dot;    // sum exp(l - max) (l - max), if wanted
};
BlockSums block_sums(const float* logits, int n, float alpha, bool want_alpha, bool want_dot);

/// out[i] = scale exp(x[i] - shift) + scale_alpha exp(alpha x[i] - shift_alpha), the form that the
/// derivatives of log-sum-exps take; zero where x is -inf. scale_alpha = 0 leaves out the second
/// term. out may be x.
void softmax_sum(const float* x, int n, float scale, float shift, float scale_alpha, float alpha,
                 float shift_alpha, float* out);

}  // namespace ponder
