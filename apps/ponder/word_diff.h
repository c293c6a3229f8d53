// The difference of two texts, word by word, in the notation of git's word diff: [-gone-] {+new+}.
#pragma once

#include <string>
#include <vector>

namespace ponder::app {

struct DiffRun {
  enum class Kind { kSame, kGone, kNew };
  Kind kind;
  std::vector<std::string> words;
};
/// Differences by a longest common subsequence of words. Removed words come before new ones.
std::vector<DiffRun> word_diff(const std::string& from, const std::string& to);

}  // namespace ponder::app
