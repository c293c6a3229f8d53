// Number of edits between two sequences: insertions, deletions, substitutions.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

namespace ponder {

/// Levenshtein's distance, row by row (Wagner and Fischer 1974).
template <class T>
int edit_distance(std::span<const T> a, std::span<const T> b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    int corner = row[0];
    row[0] = static_cast<int>(i) + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const int substituted = corner + (a[i] != b[j]);
      corner = row[j + 1];
      row[j + 1] = std::min({substituted, corner + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace ponder
