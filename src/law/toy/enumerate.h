// All replies of a law with their log-probabilities, by visiting every prefix, for laws over a few
// ids. Searches and kernels are compared with it; it shares no code with them.
#pragma once

#include <vector>

#include "ponder/density/density.h"
#include "ponder/density/law.h"

namespace ponder {

/// Returns the replies, most likely first (ties: smaller token strings first). Errors: kResource
/// when there are more than `limit`.
Result<std::vector<Reply>> enumerate_replies(CausalDensity&, const PrefixRef& context,
                                             const ReplyLaw&, std::size_t limit = 1'000'000);

}  // namespace ponder
