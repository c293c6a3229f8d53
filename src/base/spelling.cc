// Prefixes come before edits; among equally close candidates the first is taken.
#include "ponder/core/spelling.h"

#include <algorithm>

#include "base/edit_distance.h"

namespace ponder {

std::string nearest(const std::string& word, const std::vector<std::string>& candidates, int most) {
  // letters: shorter candidates, such as "end", begin too many words
  constexpr std::size_t kStem = 4;
  // the shortest candidate that begins with the word, the longest that the word begins
  std::string begun, longer;
  for (const std::string& c : candidates) {
    if (word.size() > 1 && c.starts_with(word) && (begun.empty() || c.size() < begun.size()))
      begun = c;
    if (c.size() >= kStem && word.starts_with(c) && c.size() > longer.size()) longer = c;
  }
  if (!begun.empty() || !longer.empty()) return begun.empty() ? longer : begun;
  std::string best;
  int best_distance = std::min(most, static_cast<int>(word.size() + 2) / 3) + 1;
  for (const std::string& c : candidates)
    if (const int d = edit_distance<char>(word, c); d < best_distance) best_distance = d, best = c;
  return best;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates,
                         int most) {
  const std::string near = nearest(word, candidates, most);
  return near.empty() ? "" : "did you mean " + near + "?";
}

}  // namespace ponder
