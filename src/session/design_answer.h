// What is said of designs once they are scored: edits, totals, convergence, and the attributes of
// the trace.
#pragma once

#include "ponder/session/design.h"

namespace ponder {

/// Fills in all of the answer that follows from its scored designs and its trace.
void sum_up(const DesignRequest&, DesignAnswer&);

}  // namespace ponder
