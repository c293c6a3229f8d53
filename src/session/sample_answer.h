// The summary of a run of chains: counts, diagnostics and a verdict.
#pragma once

#include <utility>
#include <vector>

#include "ponder/session/sample.h"

namespace ponder {

/// Every field of a SampleAnswer that follows from the chains alone, that is, all but texts, notes
/// and cost.
SampleAnswer summary_of(const SampleRequest&, const Chains&);

/// Distinct replies and how often each was drawn, most frequent first; among equals, the more
/// probable first.
std::vector<std::pair<Reply, int>> counted_draws(const Trace&);

}  // namespace ponder
