// Ancestral draws of many suffixes side by side: what suffix moves propose, and how chains start.
#pragma once

#include <span>
#include <vector>

#include "ponder/choices.h"
#include "ponder/energy.h"

namespace ponder {

/// A reply that keeps the first `from` tokens of `base` (nullptr: none) and is drawn on from q = softmax(exponent lp)
/// until it ends or reaches the horizon.
struct Draft {
  const ChainState* base = nullptr;
  int from = 0;
  double exponent = 1;
  Choices* choices = nullptr;
  int replica = 0;
};

/// All drafts in one batch a position, with lz at their exponents (base must have it too), entropies where base has
/// them, and f, support and terms. Drafts of one chain draw in turns, whatever other chains do.
Status draw_suffixes(const Energy&, std::span<const Draft>, std::vector<ChainState>& out);

}  // namespace ponder
