// What request lines and the bodies of OpenAI's API share: conversations and lists of ids.
#pragma once

#include <string>
#include <vector>

#include "ponder/session/prompt.h"
#include "wire/json.h"

namespace ponder {

/// Of "messages" or "question", with the variables of the chat template. Errors: kInvalid.
Result<Conversation> conversation_of(const Json&);
/// Errors: kInvalid (no list; ids that are not from 0 to n_vocab - 1).
Result<std::vector<Token>> ids_of(const Json&, const std::string& where, int n_vocab);

}  // namespace ponder
