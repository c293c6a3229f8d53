// Gate: who may ask. A key, where the server has keys; and a Host that a page of somebody else's
// cannot have, against DNS rebinding. Not limits of work (server.h).
#pragma once

#include <optional>
#include <string_view>

#include "ponder/openai.h"
#include "serve/exchange.h"
#include "serve/options.h"

namespace ponder::serve {

/// The refusal of a request; none: it may pass.
std::optional<ApiError> refusal(const HttpRequest&, const ServeOptions&);

}  // namespace ponder::serve
