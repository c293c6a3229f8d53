// Answers that a pattern finds: a regular expression's group, a value in JSON.
#pragma once

#include <memory>
#include <string>

#include "ponder/answer/map.h"

namespace ponder {

/// Errors: kInvalid (it does not compile, or has no group).
Result<std::shared_ptr<const PrefixMap>> make_regex_map(const std::string& pattern);
/// Errors: kInvalid (a pointer that RFC 6901 does not know).
Result<std::shared_ptr<const PrefixMap>> make_json_map(const std::string& pointer);

}  // namespace ponder
