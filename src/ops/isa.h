// Which instruction sets may be used: the limit that the user has set. Setting it is public
// (ponder/core/machine.h).
#pragma once

#include "ponder/core/machine.h"

namespace ponder {

InstructionSet instruction_set_limit();

}  // namespace ponder
