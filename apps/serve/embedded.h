// Files that are part of the program: embed.cmake makes the function of their texts.
#pragma once

#include <string_view>

namespace ponder::serve {

/// The text of a file of apps/serve, such as page/app.js; empty: there is none of that name.
std::string_view embedded(std::string_view path);

}  // namespace ponder::serve
