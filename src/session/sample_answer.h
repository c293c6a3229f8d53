// What a run of chains comes to: counts, diagnostics and a verdict.
#pragma once

#include <utility>
#include <vector>

#include "ponder/session/sample.h"

namespace ponder {

/// All of a SampleAnswer that follows from the chains alone: without texts, notes and cost.
SampleAnswer summary_of(const SampleRequest&, const Chains&);

/// Distinct replies with the number of their draws, most frequent first; ties: the likelier.
std::vector<std::pair<Reply, int>> counted_draws(const Trace&);

}  // namespace ponder
