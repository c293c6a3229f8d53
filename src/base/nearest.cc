// The first of the closest.
#include "base/nearest.h"

#include "base/edit_distance.h"

namespace ponder {

std::string nearest(const std::string& word, const std::vector<std::string>& candidates, int most) {
  std::string best;
  int best_distance = most + 1;
  for (const std::string& c : candidates)
    if (const int d = edit_distance<char>(word, c); d < best_distance) best_distance = d, best = c;
  return best;
}

}  // namespace ponder
