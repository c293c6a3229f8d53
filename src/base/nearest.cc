// Edit distance, row by row (Wagner and Fischer 1974).
#include "base/nearest.h"

#include <algorithm>

namespace ponder {

std::string nearest(const std::string& word, const std::vector<std::string>& candidates, int most) {
  std::string best;
  int best_distance = most + 1;
  for (const std::string& c : candidates) {
    std::vector<int> row(c.size() + 1);
    for (std::size_t j = 0; j <= c.size(); ++j) row[j] = static_cast<int>(j);
    for (std::size_t i = 1; i <= word.size(); ++i) {
      int diagonal = row[0];
      row[0] = static_cast<int>(i);
      for (std::size_t j = 1; j <= c.size(); ++j) {
        const int up = row[j];
        row[j] = std::min({up + 1, row[j - 1] + 1, diagonal + (word[i - 1] != c[j - 1])});
        diagonal = up;
      }
    }
    if (row.back() < best_distance) best_distance = row.back(), best = c;
  }
  return best;
}

}  // namespace ponder
