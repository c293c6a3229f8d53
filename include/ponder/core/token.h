// Token: an index into a vocabulary. Not the text of a token (tokenizer.h).
#pragma once

#include <cstdint>

namespace ponder {

using Token = std::int32_t;

}  // namespace ponder
