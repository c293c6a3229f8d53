// Architectures: each reads its metadata into a Config; the tensors' names are shared (weights.cc).
// One file an architecture; docs/howto-add-architecture.md.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "model/config.h"
#include "ponder/core/status.h"
#include "ponder/model/gguf.h"

namespace ponder {

/// Typed look-ups of "<architecture>.key", and what all architectures share. Remembers which keys
/// were looked up.
class ArchReader {
 public:
  ArchReader(const GgufFile& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}
  const GgufFile& file() const { return file_; }
  std::string key(std::string_view k) const { return prefix_ + "." + std::string(k); }
  const GgufArray* find_array(std::string_view k) const;  // nullptr when absent or not an array
  Status read_int(std::string_view k, int& out,
                  bool required = true) const;  // absent and optional: unchanged
  Status read_float(std::string_view k, float& out, bool required = true) const;
  Result<std::string_view> string_or(std::string_view k, std::string_view fallback) const;
  /// Sizes, heads, context, norm epsilon, vocabulary: present in every architecture.
  Status read_sizes(Config&) const;
  /// Rotary base, dimension and scaling (none, linear, yarn) with the factors of rope_freqs.weight.
  Status read_rope(Config&) const;
  /// The last call: an error that names a key of the architecture which nothing looked up and which
  /// may change what the model computes. Descriptive keys, and keys whose value switches their
  /// feature off, are let pass.
  Status refuse_unread_keys(const Config&) const;

 private:
  std::string read(std::string_view k) const;  // the whole key, remembered

  const GgufFile& file_;
  std::string prefix_;
  mutable std::set<std::string, std::less<>> read_;
};

/// Frequencies base^(-2i/dim), i < dim/2.
RopeTable rope_table(float base, int dim);

struct Architecture {
  std::string_view name;
  Result<Config> (*read)(const ArchReader&);
};
std::span<const Architecture> architectures();
/// The Config of a file. Errors: kUnsupported names the architecture beside those known.
Result<Config> read_config(const GgufFile&);

Result<Config> read_llama(const ArchReader&);
Result<Config> read_qwen2(const ArchReader&);
Result<Config> read_qwen3(const ArchReader&);
Result<Config> read_gemma3(const ArchReader&);
Result<Config> read_gpt2(const ArchReader&);

}  // namespace ponder
