// Python's string methods on text whose origin is tracked. Work that may exceed a few passes over
// the text is charged to the budget while it is done.
#pragma once

#include <cstdint>
#include <vector>

#include "jinja/limits.h"
#include "jinja/value.h"

namespace ponder::jinja {

enum class Side { kBoth, kLeft, kRight };
/// Removes white space, or any of `characters`, from the ends.
Text strip(Budget&, const Text&, Side, const Text* characters);

/// Splits at a separator, or at runs of white space, at most max_splits times unless that is
/// negative.
std::vector<Text> split(Budget&, const Text&, const Text* separator, std::int64_t max_splits);
/// Splits in the same way from the end.
std::vector<Text> split_right(Budget&, const Text&, const Text* separator, std::int64_t max_splits);
std::vector<Text> split_lines(Budget&, const Text&, bool keep_ends);

Text replace(Budget&, const Text&, const Text& from, const Text& to, std::int64_t max_count);

enum class Case { kUpper, kLower };
Text to_case(const Text&, Case);
Text capitalize(const Text&);
/// Capitalises every letter that follows a character that is no letter (str.title).
Text title_letters(const Text&);
/// Capitalises the first letter and letters after white space and ( [ { < - (Jinja's filter).
Text title_words(const Text&);

/// Escapes & < > " and ' for HTML; a text that is already safe does not change. The result is safe.
Text escape_html(const Text&);

/// Byte of the first or last occurrence of `part`, npos when there is none.
std::size_t find_text(std::string_view s, std::string_view part, std::size_t from = 0);
std::size_t find_last_text(std::string_view s, std::string_view part);

/// "isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower".
bool is_all(const Text&, std::string_view what);

}  // namespace ponder::jinja
