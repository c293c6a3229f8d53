// A chat whose reply is searched for: what happens is told as reasoning, the reply comes at the
// end.
#pragma once

#include "ponder/openai.h"
#include "ponder/shared_session.h"
#include "serve/exchange.h"

namespace ponder::serve {

/// Answers a call with `think`, whose seed is set. A stream is sent on the exchange; the reply then
/// has no body. Errors before anything was sent.
Result<HttpReply> answer_think_chat(SharedSession&, const CompletionCall&, const CompletionId&,
                                    Exchange&);

}  // namespace ponder::serve
