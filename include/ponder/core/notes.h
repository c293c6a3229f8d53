// Notes are sentences that a reader should know before taking a likelier reply for a better one:
// that the reply repeats itself, only copies the question, has no words, is short, or is compared
// with a first reply that was cut. They are for people and for JSON and do not change what a search
// counts or finds. docs/methods.md#lengths.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/model/tokenizer.h"
#include "ponder/search/think.h"

namespace ponder {

/// Share of a reply's 4-grams of tokens that have occurred earlier in the reply, 0 to 1.
double repeated_share(std::span<const Token>);

/// True if the tokenizer spells the reply's text with exactly these tokens. The end token is left
/// out.
bool is_canonical(const Tokenizer&, std::span<const Token>);

/// The note on a reply that has no text because the model ended it at once.
inline constexpr std::string_view kEmptyReply =
    "the reply is empty: its first token is the end token";

/// The notes on a pair of replies, most important first. `question`: the user's question as text;
/// may be empty.
std::vector<std::string> notes(const ThinkResult&, const Tokenizer&, std::string_view question);

}  // namespace ponder
