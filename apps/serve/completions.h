// Completions and chats over HTTP, whole or as a stream of server-sent events.
#pragma once

#include "ponder/openai.h"
#include "ponder/shared_session.h"
#include "serve/exchange.h"

namespace ponder::serve {

/// Answers a call whose seed is set. A stream is sent on the exchange as it comes; the reply then
/// is the head that was sent. Errors before anything was sent.
Result<HttpReply> answer_completions(SharedSession&, const CompletionCall&, const CompletionId&,
                                     Exchange&);

}  // namespace ponder::serve
