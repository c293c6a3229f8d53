// Architectures: one function per architecture reads the metadata of a GGUF file into a Config. The
// tensor names are the same for all architectures (tensors.cc). Each architecture has one file,
// arch_*.cc; docs/howto-add-architecture.md tells how to add one. Not the weights, nor the network.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "model/config.h"
#include "ponder/core/status.h"
#include "ponder/model/gguf.h"

namespace ponder {

/// Between which dimensions YaRN mixes frequencies: rounded outwards to whole numbers, as nearly
/// everywhere, or exact.
enum class YarnRamp : std::uint8_t { kWhole, kExact };

/// Typed look-ups of metadata keys "<architecture>.key", and the readers that all architectures
/// share. The class records which keys were looked up, so that refuse_unread_keys() can find the
/// others.
class ArchReader {
 public:
  ArchReader(const GgufFile& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}
  const GgufFile& file() const { return file_; }
  std::string key(std::string_view k) const { return prefix_ + "." + std::string(k); }
  const GgufArray* find_array(std::string_view k) const;  // nullptr when absent or not an array
  Status read_int(std::string_view k, int& out,
                  bool required = true) const;  // if an optional key is absent, out is unchanged
  /// An optional number that a file may repeat for each of the layers. Errors: kUnsupported (the
  /// layers differ).
  Status read_layers_int(std::string_view k, int n_layers, int& out) const;
  Status read_float(std::string_view k, float& out, bool required = true) const;
  Result<std::string_view> string_or(std::string_view k, std::string_view fallback) const;
  Result<bool> bool_or(std::string_view k, bool fallback) const;
  /// Reads layer and head counts, widths, context length and vocabulary size, which every
  /// architecture has. Errors: kInvalid (a key is missing or its value is impossible).
  Status read_sizes(Config&) const;
  /// Reads the rotary base, the rotary dimension and the scaling type (none, linear, yarn,
  /// longrope), and applies the factors of tensors rope_freqs.weight and rope_factors_short.weight.
  /// Errors: kInvalid, kUnsupported (another scaling type).
  Status read_rope(Config&, YarnRamp = YarnRamp::kWhole) const;
  /// Reads the sizes, the epsilon of RMS norms, and rotary positions: what all models have but
  /// those of GPT-2's kind. Errors: those of read_sizes and read_rope.
  Status read_usual(Config&, YarnRamp = YarnRamp::kWhole) const;
  /// Reads the numbers of experts and their width. Errors: kInvalid (a number is missing or
  /// impossible).
  Status read_experts(Config&) const;
  /// Reads the width of the sliding window, and the layers that have it: flags, or a period, where
  /// the last layer of each period is global. Without the keys: c.window and `period`. Errors:
  /// kInvalid.
  Status read_local_layers(Config&, int period) const;
  /// Must be called last. Errors: kUnsupported, which names a key of this architecture that no
  /// look-up asked for and that may change what the model computes. Keys that only describe the
  /// model, and keys whose value switches their feature off, pass.
  Status refuse_unread_keys(const Config&) const;

 private:
  std::string read(std::string_view k) const;  // records k as looked up; returns the full key

  const GgufFile& file_;
  std::string prefix_;
  mutable std::set<std::string, std::less<>> read_;
};

/// The unscaled rotary frequencies base^(-2i/dim), i < dim/2, in radians per position.
RopeTable rope_table(float base, int dim);

struct Architecture {
  std::string_view name;
  Result<Config> (*read)(const ArchReader&);
};
std::span<const Architecture> architectures();
/// The Config of a file. Errors: kUnsupported (the architecture is unknown: the message lists the
/// known ones; or a metadata key is not understood), kInvalid (corrupt metadata).
Result<Config> read_config(const GgufFile&);

Result<Config> read_llama(const ArchReader&);
Result<Config> read_qwen2(const ArchReader&);
Result<Config> read_qwen3(const ArchReader&);
Result<Config> read_gemma2(const ArchReader&);
Result<Config> read_gemma3(const ArchReader&);
Result<Config> read_gpt2(const ArchReader&);
Result<Config> read_granite(const ArchReader&);
Result<Config> read_mistral3(const ArchReader&);
Result<Config> read_olmo2(const ArchReader&);
Result<Config> read_phi3(const ArchReader&);
Result<Config> read_smollm3(const ArchReader&);
/// What Gemma 2 and 3 have in common. layers_of_27b: the depth of the size with other scores.
Status read_gemma(const ArchReader&, int layers_of_27b, Config&);
Result<Config> read_qwen3moe(const ArchReader&);
Result<Config> read_gpt_oss(const ArchReader&);

}  // namespace ponder
