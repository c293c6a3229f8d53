// Reads and writes the names of the parts of split files, as llama.cpp's gguf-split makes them.
#include "gguf/part_name.h"

#include <cstdio>

namespace ponder::gguf {

std::string PartName::of(int n) const {
  char tail[32];
  std::snprintf(tail, sizeof tail, "-%05d-of-%05d.gguf", n, count);
  return stem + tail;
}

PartName part_name(const std::string& path) {
  PartName p;
  constexpr std::size_t kTail = sizeof("-00001-of-00001.gguf") - 1;
  if (path.size() <= kTail) return p;
  int length = 0;
  if (std::sscanf(path.c_str() + path.size() - kTail, "-%5d-of-%5d.gguf%n", &p.number, &p.count,
                  &length) != 2 ||
      length != static_cast<int>(kTail) || p.number < 1 || p.count < p.number || p.count < 2)
    return {};
  p.stem = path.substr(0, path.size() - kTail);
  return p;
}

}  // namespace ponder::gguf
