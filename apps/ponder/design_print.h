// Prints the answer of `ponder design` for people: designs with their fitness, totals, a verdict.
#pragma once

#include "ponder/session/design.h"

namespace ponder::app {

/// `file`: the file to which the designs were written; empty: none.
void print_designs(const DesignAnswer&, const DesignRequest&, const std::string& file);

}  // namespace ponder::app
