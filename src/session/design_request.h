// Checks of a DesignRequest that need none of its files.
#pragma once

#include "ponder/session/design.h"

namespace ponder {

/// Checks values that a library caller may give, but that the program's options exclude.
Status check_design(const DesignRequest&);
/// The length that all sequences of a run have; the request's own may be left out, or must be the
/// same.
Result<int> design_length(const DesignRequest&);

}  // namespace ponder
