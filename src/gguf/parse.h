// The GGUF grammar: turns the bytes of one part into metadata and tensor descriptions. The bytes
// are untrusted: every count is compared with the remaining bytes before memory is allocated, and
// every offset with the data section.
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

/// How much of a file is read: kHeader leaves tensors without data, and keeps those of unknown
/// types.
enum class Depth : std::uint8_t { kData, kHeader };
Result<Part> parse_part(std::span<const std::byte> bytes, const std::string& name,
                        Depth depth = Depth::kData);

}  // namespace ponder::gguf
