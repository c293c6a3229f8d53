// The GGUF grammar: bytes of one part to metadata and tensor descriptions. Nothing is trusted:
// every count is held against the bytes left before memory is taken for it, every offset against
// the data section.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ponder/model/gguf.h"

namespace ponder::gguf {

struct Part {
  int version = 0;
  std::map<std::string, GgufValue, std::less<>> metadata;
  std::vector<GgufTensor> tensors;  // data points into the bytes
};

Result<Part> parse_part(std::span<const std::byte> bytes, const std::string& name);

}  // namespace ponder::gguf
