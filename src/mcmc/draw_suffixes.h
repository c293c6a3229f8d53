// Ancestral draws of many replies side by side: one token of each, or whole suffixes. What suffix
// moves and particles propose, and how chains start.
#pragma once

#include <span>
#include <vector>

#include "ponder/chains/choices.h"
#include "ponder/energy/energy.h"

namespace ponder {

/// The next token of one reply in the making.
struct TokenDraw {
  ChainState* state = nullptr;  // node: after its tokens, or all but the last
  double exponent = 1;          // of q = softmax(exponent lp)
  Choices* choices = nullptr;
  const ChainState* follow = nullptr;  // not drawn: the token that this reply has there
  bool entropy = false;                // wanted too
};

/// Draws and appends a token with its lp, lz (and entropy) to each state, all in one batch.
Status draw_tokens(const Energy&, std::span<const TokenDraw>);

/// A reply that keeps the first `from` tokens of `base` (nullptr: none) and is drawn on from q =
/// softmax(exponent lp) until it ends or reaches the horizon.
struct Draft {
  const ChainState* base = nullptr;
  int from = 0;
  double exponent = 1;
  Choices* choices = nullptr;
  int replica = 0;
};

/// What the draft keeps: a state that the next tokens are appended to, with entropies where base
/// has them.
ChainState begin_draft(const Energy&, const Draft&);
/// May another token follow? Not after an end, nor at the horizon.
bool unfinished(const Energy&, const ChainState&);

/// All drafts, one batch a position, with lz at their exponents (base must have it too), entropies
/// where base has them, and f, support and terms. Drafts of one chain draw in turns, whatever other
/// chains do.
Status draw_suffixes(const Energy&, std::span<const Draft>, std::vector<ChainState>& out);

/// log of pi(y) / q(y[from:] | y[:from]), q at the exponent of the rows that y has, up to what all
/// y with the same y[:from] share; -inf where pi is 0.
double log_weight(const Energy&, const ChainState& y, int from);

}  // namespace ponder
