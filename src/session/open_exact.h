// open_exact: opens a model in f32 beside itself, with weights that take little memory.
#pragma once

#include "ponder/session.h"

namespace ponder {

/// The result of open(options), in f32 with lean weights, or with weights in the file where memory
/// is short.
template <class Open>
auto open_exact(SessionOptions o, const Open& open) {
  o.model.precision = Precision::kF32;
  o.kv_bytes *= 2;  // as many tokens: numbers are at most twice as wide
  o.model.weights = WeightForm::kLean;
  auto lean = open(o);
  if (lean.ok() || lean.error().code != Code::kResource) return lean;
  o.model.weights = WeightForm::kQuantised;
  return open(o);
}

}  // namespace ponder
