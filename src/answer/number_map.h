// Numbers in a reply: the last one, or the first.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ponder/answer/map.h"

namespace ponder {

std::shared_ptr<const PrefixMap> make_number_map(bool first);

}  // namespace ponder
