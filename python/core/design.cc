// DNA for a fitness: no model, unless the fitness names one.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "ponder/wire.h"
#include "terms.h"
#include "trace_arrays.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace ponder::python {
namespace {

using Parts =
    std::tuple<std::string, std::string, std::optional<Dict>, std::vector<std::string>, bool>;

Parts design_of(const std::string& json, const std::vector<OracleTuple>& oracles,
                const std::optional<OracleTuple>& judge) {
  auto r = value_of(parse_design_request(json));
  Flags flags;
  r.budget.stop = &flags.finish;
  for (const OracleTuple& oracle : oracles) r.fitness.given.push_back(given_oracle(oracle, flags));
  if (judge) r.judge = given_oracle(*judge, flags).term;
  std::optional<Result<DesignAnswer>> result;
  run(flags, true, [&] { result.emplace(design(r)); });
  if (!result->ok()) raise_why(flags);
  const DesignAnswer a = value_of(std::move(*result));
  std::optional<Dict> trace;
  if (a.trace) trace = Dict(trace_dict(*a.trace));
  warn_raised(flags);
  return {to_json(a, r), designs_jsonl(a), trace, a.warnings, flags.finish};
}

}  // namespace

void bind_design(nb::module_& m) {
  m.def("design", &design_of, "request"_a, "oracles"_a, "judge"_a.none());
}

}  // namespace ponder::python
