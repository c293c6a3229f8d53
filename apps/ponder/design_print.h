// What `ponder design` shows people: designs with their fitness, totals, a verdict.
#pragma once

#include "ponder/session/design.h"

namespace ponder::app {

/// `file`: where the designs were written; empty: nowhere.
void print_designs(const DesignAnswer&, const DesignRequest&, const std::string& file);

}  // namespace ponder::app
