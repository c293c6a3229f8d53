// The parser turns words into a syntax tree by recursive descent with a bounded depth.
#pragma once

#include <string_view>

#include "jinja/ast.h"
#include "jinja/limits.h"

namespace ponder::jinja {

/// Throws Failure with the line, what was expected there and what was found.
Body parse(std::string_view source, const TemplateLimits&);

}  // namespace ponder::jinja
