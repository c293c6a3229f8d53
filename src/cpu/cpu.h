// The engine on this machine's processor, as the list of engines has it. Not the engine itself
// (engine.h).
#pragma once

#include "model/engine.h"

namespace ponder {

EngineKind cpu_engine();

}  // namespace ponder
