// A trace as arrays, laid out as write_netcdf lays out a file.
#pragma once

#include <nanobind/nanobind.h>

#include "ponder/chains/trace.h"

namespace ponder::python {

/// {"posterior": {name: (chains, draws)}, "sample_stats": {…}, "tokens": (chains, draws, longest)
/// int32, -1 after the end, "length": (chains, draws), "descriptions": {name: text},
/// "attributes": {name: text or number}}.
nanobind::dict trace_dict(const Trace&);

}  // namespace ponder::python
