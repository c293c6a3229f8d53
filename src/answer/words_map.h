// The first word, line, or new phrase of a reply.
#pragma once

#include <memory>

#include "ponder/answer/map.h"

namespace ponder {

std::shared_ptr<const PrefixMap> make_word_map();
std::shared_ptr<const PrefixMap> make_line_map();

}  // namespace ponder
