// Numbers as they stand in a text: digits with separators, a sign, decimals, a fraction; English
// number words. docs/answers.md#numbers.
#pragma once

#include <string>
#include <vector>

#include "answer/pieces.h"

namespace ponder {

struct NumberInText {
  std::string value;      // "-1234.5", "3/4": no separators, no zeros that say nothing
  std::size_t end_piece;  // the piece after its last one
};
/// All numbers of the pieces, in order.
std::vector<NumberInText> numbers_of(const std::vector<Piece>&);

/// Can the piece go on with a number of words that stands before it?
bool continues_number(const Piece&);

}  // namespace ponder
