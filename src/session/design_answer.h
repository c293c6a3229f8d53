// Completes a DesignAnswer after its designs are scored: edits, totals, convergence, and the
// attributes of the trace.
#pragma once

#include "ponder/session/design.h"

namespace ponder {

/// Fills in every field of the answer that follows from its scored designs and its trace.
void sum_up(const DesignRequest&, DesignAnswer&);

}  // namespace ponder
