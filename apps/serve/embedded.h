// Files that are part of the program: embed.cmake makes their texts into these constants.
#pragma once

#include <string_view>

namespace ponder::serve {

extern const std::string_view kOpenApi;  // openapi.json

}  // namespace ponder::serve
