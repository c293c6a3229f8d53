// Reductions of a stretch of logits or scores, any n.
#pragma once

namespace ponder {

float max_of(const float* x, int n);

/// Sums over a block of logits: the parts of log-sum-exp, in float32 lanes, then double.
struct BlockSums {
  float max;       // -inf when all are masked
  double s;        // sum exp(l - max)
  double s_alpha;  // sum exp(alpha (l - max)), when asked for
  double s_dot;    // sum exp(l - max) (l - max), when asked for
};
BlockSums block_sums(const float* logits, int n, float alpha, bool want_alpha, bool want_dot);

/// out[i] = scale exp(x[i] - shift) + scale_alpha exp(alpha x[i] - shift_alpha): what the
/// derivative of log-sum-exps leaves of a row; zero where x is -inf. scale_alpha = 0: without the
/// second term. out may be x.
void softmax_sum(const float* x, int n, float scale, float shift, float scale_alpha, float alpha,
                 float shift_alpha, float* out);

}  // namespace ponder
