// Pseudo-likelihood of a reply: how probable each token is given everything before and after it
// (Besag 1975), in the restricted form of docs/methods.md#pseudo-likelihood. It uses a
// CausalDensity only.
#pragma once

#include <span>
#include <vector>

#include "ponder/density/density.h"

namespace ponder {

struct PseudoLikelihood {
  std::vector<double> logprobs;  // (n) log p(x_i | prompt, all other x) over candidates[i], nats
  // (n) the k most likely ids given the tokens before, and x_i itself
  std::vector<std::vector<Token>> candidates;
  double sum = 0;  // of logprobs
};

/// p(x_i | x_-i) = exp f(x) / sum_v exp f(x with x_i = v), where f is the log-probability of the
/// whole reply. End tokens are candidates of the last position only, since no token follows them.
/// Costs k n^2 / 2 tokens for a reply of n. Errors: kInvalid (k < 1), and those of extend.
Result<PseudoLikelihood> pseudo_likelihood(CausalDensity&, const PrefixRef& context,
                                           std::span<const Token> reply, int k,
                                           const TokenMask* allowed = nullptr);

}  // namespace ponder
