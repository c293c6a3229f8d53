// DNA for a fitness: no model, unless the fitness names one.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "ponder/wire.h"
#include "trace_arrays.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace ponder::python {
namespace {

std::tuple<std::string, std::string, std::optional<Dict>, std::vector<std::string>, bool> design_of(
    const std::string& json) {
  auto r = value_of(parse_design_request(json));
  Flags flags;
  r.budget.stop = &flags.finish;
  std::optional<Result<DesignAnswer>> result;
  run(flags, true, [&] { result.emplace(design(r)); });
  if (flags.finish && !result->ok()) raise_interrupt();
  const DesignAnswer a = value_of(std::move(*result));
  std::optional<Dict> trace;
  if (a.trace) trace = Dict(trace_dict(*a.trace));
  return {to_json(a, r), designs_jsonl(a), trace, a.warnings, flags.finish};
}

}  // namespace

void bind_design(nb::module_& m) { m.def("design", &design_of, "request"_a); }

}  // namespace ponder::python
