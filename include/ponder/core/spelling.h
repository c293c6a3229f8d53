// Finds the known word closest to an unknown one, for the hints of errors.
#pragma once

#include <string>
#include <vector>

namespace ponder {

/// Returns the candidate that begins with `word` or that `word` begins with, else the closest
/// candidate within `most` edits and a third of the word's letters; "" when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates, int most);
/// "did you mean X?" with the nearest candidate; "" when none is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates,
                         int most);

}  // namespace ponder
