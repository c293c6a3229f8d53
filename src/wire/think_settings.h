// The settings of a search that bodies have beside their prompt.
#pragma once

#include "ponder/session/think.h"
#include "wire/body.h"

namespace ponder {

/// budget_s, patience_s, methods, any_length, answer. Errors: kInvalid, those of check_methods.
Status read_think_settings(Body&, ThinkRequest&);

}  // namespace ponder
