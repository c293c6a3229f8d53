// Estimates of half the change of -U when one token of a reply is replaced, for every content token
// at every content position: exact in the row of the token itself, to first order in later rows.
// docs/methods.md#gradient-informed. A kernel is exact with any estimates that are a function of
// the reply.
#pragma once

#include <span>
#include <vector>

#include "ponder/energy/energy.h"

namespace ponder {

struct SiteScores {
  int n_sites = 0, n_vocab = 0;
  // (n_sites, n_vocab) nats; 0 for the present token, -inf for tokens that are not allowed there
  std::vector<float> s;
  bool finite = true;  // false: the gradient was not finite, s is empty
  std::span<const float> at(int i) const {
    return {s.data() + static_cast<std::size_t>(i) * n_vocab, static_cast<std::size_t>(n_vocab)};
  }
};

/// Number of content positions of a reply: all but that of an end token.
int n_sites(const Energy&, std::span<const Token>);

/// s_i(v) = alpha/2 [lp_i(v) - lp_i(x_i)] + gradient/2 [alpha g_i (E_v - E_{x_i}) + sum_k beta_k
/// (r_i(v) - r_i(x_i))], with g_i = d/de_i sum_{t>i} lp_t, and r_i(v) the derivative of R_k by the
/// weight of v at i where the term has one. -inf where a term masks the change. gradient = 0: no
/// backward pass. Errors: kUnsupported without a gradient.
Status site_scores(const Energy&, std::span<const ChainState* const>, double gradient,
                   std::vector<SiteScores>& out);

}  // namespace ponder
