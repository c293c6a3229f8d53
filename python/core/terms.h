// Terms and oracles that are written in Python, as terms of the library. The arrays that come back
// have been checked by python/ponder/_terms.py and _oracles.py.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include <nanobind/nanobind.h>

#include "call.h"
#include "ponder/session/specs.h"

namespace ponder::python {

/// name; weight; value(tokens (n, longest) int32, -1 after the end, length (n) int64) -> (n)
/// float64, nats; range(begin (k) int32, n_most) -> (least, most), or None.
using TermTuple = std::tuple<std::string, double, nanobind::object, nanobind::object>;
/// name; weight; value(sequences (n, L) uint8) -> (n) float64; value_and_grad(weights of letters
/// (n, L, 4) float32) -> (n) float64, (n, L, 4) float64, or None.
using OracleTuple = std::tuple<std::string, double, nanobind::object, nanobind::object>;

/// The terms of one call, whose flags these are.
std::vector<GivenTerm> given_terms(const std::vector<TermTuple>&, Flags&);
GivenTerm given_oracle(const OracleTuple&, Flags&);

}  // namespace ponder::python
