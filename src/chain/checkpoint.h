// The state of all chains in one file, from which a run continues as if it had never stopped. Not a
// trace for other programs (ponder/core/files.h). The checksum detects accidents, not forgeries.
//
//     "ponder checkpoint\n"   18 bytes
//     format version          1 byte
//     SHA-256 of the body     32 bytes
//     body                    CBOR (RFC 8949); arrays of numbers as typed arrays of RFC 8746,
//     little-endian
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/core/token.h"

namespace ponder {

using Array = std::variant<std::vector<double>, std::vector<float>, std::vector<std::int32_t>,
                           std::vector<std::int64_t>>;
using Arrays = std::map<std::string, Array>;

struct Checkpoint {
  std::uint64_t step = 0;  // steps done; the next one draws from (seed, chain, step)
  // of all settings that must not change between the runs: model, prompt, target, kernels, seed
  std::string config_hash{};
  std::vector<std::vector<Token>> replies{};  // (chains)
  Arrays arrays{};                            // step sizes, counts, draws kept, …
};

/// Hash of a configuration as text, in 64 hexadecimal digits.
std::string sha256(std::string_view);

/// Replaces the file at `path` completely or not at all. Errors: those of replace_file.
Status write_checkpoint(const Checkpoint&, const std::string& path);

/// Errors: kNotFound, kInvalid (no checkpoint, cut short, changed, or of a run with another
/// config_hash), kUnsupported (written by a newer ponder).
Result<Checkpoint> read_checkpoint(const std::string& path, std::string_view config_hash);

/// Parses a file in memory; `name`: for messages.
Result<Checkpoint> parse_checkpoint(std::string_view bytes, std::string_view config_hash,
                                    const std::string& name);

}  // namespace ponder
