// The limit on instruction sets that the user has set. The setter is public
// (ponder/core/machine.h).
#pragma once

#include "ponder/core/machine.h"

namespace ponder {

InstructionSet instruction_set_limit();

}  // namespace ponder
