// The spelling closest to a word that is not known: for hints of errors.
#pragma once

#include <string>
#include <vector>

namespace ponder {

/// The candidate closest to `word` within `most` edits, or "".
std::string nearest(const std::string& word, const std::vector<std::string>& candidates, int most);

}  // namespace ponder
