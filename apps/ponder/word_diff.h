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
/// By a longest common subsequence of words. What is gone stands before what is new.
std::vector<DiffRun> word_diff(const std::string& from, const std::string& to);

}  // namespace ponder::app
