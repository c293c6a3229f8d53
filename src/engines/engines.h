// The engines that this library was built with, and models on one of them by choice: what tests ask
// for. Everything else takes the first engine, by Model::load (ponder/model/model.h).
#pragma once

#include <memory>
#include <span>

#include "model/engine.h"

namespace ponder {

/// The best first.
std::span<const EngineKind> engines();
/// Model::load with this engine, and with a Config that may have been changed since it was read.
Result<std::shared_ptr<const Model>> load_with(const EngineKind&, std::shared_ptr<const GgufFile>,
                                               const Config&, const ModelOptions&);

}  // namespace ponder
