// Traces as NetCDF-4 files that ArviZ opens (0.23 as InferenceData, 1.x as a DataTree). Not a reader. Schema:
// "InferenceData schema specification" of ArviZ.
#pragma once

#include <string>

#include "ponder/status.h"
#include "ponder/trace.h"

namespace ponder {

/// Groups `posterior` and `sample_stats`, every variable (chain, draw, …) with coordinates. posterior has the columns,
/// `tokens` (chain, draw, token), int32, -1 after the end, and `length` (chain, draw), the end token counted. The file
/// at `path` is replaced as a whole or not at all. Errors: kInvalid (no draws, columns of different shapes, a name
/// taken twice or not allowed), kResource, kIo.
Status write_netcdf(const Trace&, const std::string& path);

}  // namespace ponder
