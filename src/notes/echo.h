// Tells whether a reply only repeats the question.
#pragma once

#include <string_view>

namespace ponder {

/// True if the reply only repeats the question: it has no word of its own, and four fifths of its
/// words are copied in runs of three or more. A full answer to a question adds a word; a choice
/// between two named things, or a question turned into a statement, copies only short runs. A
/// letter of a script without spaces counts as half a word. A reply quoted from a question many
/// times as long counts as an answer about that text.
bool echoes(std::string_view question, std::string_view reply);

}  // namespace ponder
