// Ancestral draws of many replies side by side: one token of each, or whole suffixes. Suffix moves
// and particles propose such draws, and chains start from them.
#pragma once

#include <span>
#include <vector>

#include "ponder/chains/choices.h"
#include "ponder/energy/energy.h"

namespace ponder {

/// A request for the next token of an unfinished reply.
struct TokenDraw {
  ChainState* state = nullptr;  // node: after its tokens, or all but the last
  double exponent = 1;          // of q = softmax(exponent lp)
  Choices* choices = nullptr;
  const ChainState* follow = nullptr;  // the token is copied from this reply instead of drawn
  bool entropy = false;                // the entropy is wanted, too
};

/// Draws and appends a token with its lp, lz (and entropy) to each state, all in one batch.
Status draw_tokens(const Energy&, std::span<const TokenDraw>);

/// A reply that keeps the first `from` tokens of `base` (nullptr: none) and draws the rest from q =
/// softmax(exponent lp) until it ends or reaches the horizon.
struct Draft {
  const ChainState* base = nullptr;
  int from = 0;
  double exponent = 1;
  Choices* choices = nullptr;
  int replica = 0;
};

/// Returns the kept part of a draft as a state to which tokens are appended, with entropies where
/// base has them.
ChainState begin_draft(const Energy&, const Draft&);
/// True if another token may follow: neither after an end token nor at the horizon.
bool unfinished(const Energy&, const ChainState&);

/// Draws all drafts, one batch a position, with lz at their exponents (base must have lz, too),
/// entropies where base has them, and f, support and terms. Drafts of one chain draw in turns,
/// independently of other chains.
Status draw_suffixes(const Energy&, std::span<const Draft>, std::vector<ChainState>& out);

/// log of pi(y) / q(y[from:] | y[:from]), where q has the exponent of y's rows, up to a constant
/// that all y with the same y[:from] share; -inf where pi is 0.
double log_weight(const Energy&, const ChainState& y, int from);

}  // namespace ponder
