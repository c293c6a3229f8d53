// Whether a reply only gives the question back.
#pragma once

#include <string_view>

namespace ponder {

/// Does the reply say only what the question says: has it no word of its own, and are four fifths
/// of its words copied in runs of three or more? A right full answer brings a word; a choice
/// between two things that were named, or a question turned into a statement, copies only short
/// runs. A letter of a script without spaces is half a word. What is quoted from a text many times
/// as long is an answer about it.
bool echoes(std::string_view question, std::string_view reply);

}  // namespace ponder
