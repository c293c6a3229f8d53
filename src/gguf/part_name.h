// The names of the parts of split GGUF files, such as "name-00002-of-00005.gguf".
#pragma once

#include <string>

namespace ponder::gguf {

struct PartName {
  std::string stem;  // "name", with the folder that was given
  // count is 0 for other names, and for a single part
  int number = 0, count = 0;
  /// The name of part n.
  std::string of(int n) const;
};
PartName part_name(const std::string& path);

}  // namespace ponder::gguf
