// The entry of the CPU engine in the list of engines. Not the engine itself (engine.h).
#pragma once

#include "model/engine.h"

namespace ponder {

EngineKind cpu_engine();

}  // namespace ponder
