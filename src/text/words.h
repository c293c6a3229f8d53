// Words of a text in any script, for comparing two texts. Not a tokenizer: no ids, no model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ponder {

struct Word {
  std::string text;
  bool alone = false;  // one letter of a script without spaces, or an emoji
};
/// The words of a text, in Unicode's NFKC form and without case. A word is a run of letters with
/// their marks and digits; an apostrophe between letters and a point or comma between digits belong
/// to it. Where a script has no spaces between words (Han, kana, Thai, Lao, Khmer, Burmese) each
/// letter counts as one, and so does each emoji. Bytes that are no UTF-8 separate words.
std::vector<Word> words_of(std::string_view text);

/// Their texts alone.
std::vector<std::string> word_texts(std::string_view text);

/// The text with its first character in the other case; the same text where that has only one.
std::string with_other_case(std::string_view text);

/// The text without accents and other marks on its letters: "São" gives "Sao".
std::string without_marks(std::string_view text);

/// True if the text has a character that is neither space nor punctuation nor control.
bool has_content(std::string_view text);

}  // namespace ponder
