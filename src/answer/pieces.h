// A text as the pieces between its spaces, with their words: what the maps read. A piece that a
// space follows does not change whatever comes after, so the pieces of a beginning, without the
// last one, are those of every text that begins so.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ponder {

struct Piece {
  std::string_view text;           // without spaces
  std::vector<std::string> words;  // as words_of (text/words.h) gives them
  bool ends_line = false;          // a line end follows before the next piece
};

/// All pieces of a whole text; of a beginning only those that a space follows. `text` must live on.
std::vector<Piece> pieces_of(std::string_view text, bool whole);

/// The words of all pieces from `begin` up to `end`, joined by spaces.
std::string joined_words(const std::vector<Piece>&, std::size_t begin, std::size_t end);

/// Without spaces at both ends.
std::string_view trimmed(std::string_view);

inline constexpr std::string_view kSpaces = " \t\n\v\f\r";

}  // namespace ponder
