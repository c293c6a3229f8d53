// word_diff(): the longest common subsequence by its table (Wagner and Fischer 1974), which is
// small, since replies are short.
#include "word_diff.h"

#include <algorithm>
#include <sstream>

namespace ponder::app {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string w; in >> w;) words.push_back(w);
  return words;
}

}  // namespace

std::vector<DiffRun> word_diff(const std::string& from, const std::string& to) {
  const std::vector<std::string> a = words_of(from), b = words_of(to);
  // common[i][j]: longest common subsequence of a[i:] and b[j:].
  std::vector<std::vector<int>> common(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      common[i][j] =
          a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
  std::vector<DiffRun> runs;
  const auto add = [&runs](DiffRun::Kind kind, const std::string& word) {
    if (runs.empty() || runs.back().kind != kind) runs.push_back({kind, {}});
    runs.back().words.push_back(word);
  };
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      add(DiffRun::Kind::kSame, a[i]);
      ++i, ++j;
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      add(DiffRun::Kind::kGone, a[i++]);
    } else {
      add(DiffRun::Kind::kNew, b[j++]);
    }
  }
  return runs;
}

}  // namespace ponder::app
