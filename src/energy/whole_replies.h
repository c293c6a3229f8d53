// The two questions that noise spaces and gradient-informed kernels ask a density about whole
// replies: the whole rows that predict the tokens, and the slopes of an objective by the tokens.
// Not what is made of the answers (noise_rows.h, mcmc/site_scores.h). docs/methods.md#relaxations.
#pragma once

#include <span>
#include <vector>

#include "ponder/density/gradient.h"
#include "ponder/density/law.h"

namespace ponder {

/// Returns the whole rows (n) that predict x after `root`, each with lz at alpha. The rows may be
/// kept; the node after x is not.
Result<Rows> whole_rows(CausalDensity&, const PrefixRef& root, const ReplyLaw&, double alpha,
                        std::span<const Token> x);

/// Computes E_v . d objective / d e_t of each reply after `root` in one batch (the slopes of
/// ReplyGradient). Errors: kUnsupported without a differentiable density.
Status reply_slopes(CausalDensity&, const PrefixRef& root, const ReplyLaw&, const Objective&,
                    std::span<const std::span<const Token>> replies,
                    std::vector<ReplyGradient>& out);

}  // namespace ponder
