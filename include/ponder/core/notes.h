// Notes: what a reader should know before taking a likelier reply for a better one: that it repeats
// itself, says only what the question says, has no words, is short, or stands beside a first reply
// that was cut. Sentences for people and for JSON; nothing here changes what a search counts or
// finds. docs/methods.md#lengths.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/model/tokenizer.h"
#include "ponder/search/think.h"

namespace ponder {

/// Share of a reply's 4-grams of tokens that occurred in it before.
double repeated_share(std::span<const Token>);

/// Would the tokenizer spell the reply's text with these very tokens? The end token is left out.
bool is_canonical(const Tokenizer&, std::span<const Token>);

/// The note on a reply that has no text because the model ended it at once.
inline constexpr std::string_view kEmptyReply =
    "the reply is empty: its first token is the end token";

/// The notes on a pair of replies, most important first. `question`: what was asked, as text; may
/// be empty.
std::vector<std::string> notes(const ThinkResult&, const Tokenizer&, std::string_view question);

}  // namespace ponder
