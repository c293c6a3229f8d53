// Terms that the caller of a request holds, among those that a session has made.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "ponder/session/specs.h"

namespace ponder {

/// Adds them after the others. Errors: kInvalid (no term; a name that another column of the trace
/// has).
Status add_given(std::span<const GivenTerm>, std::vector<std::unique_ptr<Term>>& terms,
                 std::vector<double>& weights);

}  // namespace ponder
