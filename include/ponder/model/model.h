// Model: a GGUF language model ready to run, and the density of replies that it defines. The
// weights are frozen, and any number of densities share one model.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/density/density.h"
#include "ponder/model/gguf.h"
#include "ponder/model/tokenizer.h"

namespace ponder {

/// The precision of matrix products; sums, residuals and softmax are f32.
enum class Precision : std::uint8_t { kAuto, kF32, kBF16 };
std::string_view to_string(Precision);  // "auto", "f32", "bf16"
/// How weights are held in memory. Every form gives the same bits.
enum class WeightForm : std::uint8_t {
  kAuto,
  kPacked,     // in compute form, beside levels for batches of a few rows: the fastest
  kLean,       // as levels, little more than the file; many rows expand them tile by tile
  kQuantised,  // in the file, and expanded at each use: no memory of their own, and slow
};
std::string_view to_string(WeightForm);  // "auto", "packed", "lean", "quantised"
std::optional<WeightForm> parse_weight_form(std::string_view name);

struct ModelOptions {
  Precision precision = Precision::kAuto;  // auto: bf16 where the CPU has it, else f32
  // auto: packed where that takes at most 2 GB and a quarter of the memory available, else lean,
  // and quantised where even that does not fit
  WeightForm weights = WeightForm::kAuto;
  // Batches of many rows are to come, for much longer than packing takes (a server, a file of
  // questions): auto packs more than 2 GB, too.
  bool many_rows = false;
  int n_threads = 0;  // 0: as many as affinity and the cgroup quota allow
};

/// Sizes and constants of an architecture, as read from the file.
struct ModelInfo {
  std::string architecture;  // "llama", …
  std::string name;          // general.name
  std::int64_t n_parameters = 0;
  int n_layers = 0, n_embd = 0, n_heads = 0, n_kv_heads = 0, head_dim = 0, n_ff = 0, n_vocab = 0;
  int n_experts = 0, n_experts_used = 0;  // of a mixture of experts, each n_ff wide; 0: none
  int n_ctx_train = 0;
  bool n_ctx_is_limit = false;    // no context is longer than n_ctx_train
  std::int64_t weight_bytes = 0;  // in the form the model runs in
  std::int64_t kv_bytes_per_token = 0;
  Precision precision = Precision::kF32;
  WeightForm weights = WeightForm::kPacked;
  int n_threads = 1;
  std::string isa;       // instruction set of the matrix products: "AVX-512 BF16", …
  bool outside = false;  // the numbers come from a LogitSource (logit_source.h)
  double drift = 0;      // LogitSource::drift
};

class EngineModel;  // model/engine.h: the weights on a device

class Model final {
 public:
  /// Errors: kInvalid (missing tensors, wrong shapes), kUnsupported (an architecture, with the
  /// supported ones), kResource (memory).
  static Result<std::shared_ptr<const Model>> load(std::shared_ptr<const GgufFile>,
                                                   const ModelOptions& = {});
  /// The properties of the model that load() would make, without loading: sizes, memory, precision,
  /// instruction set.
  static Result<ModelInfo> describe(const GgufFile&, const ModelOptions& = {});
  /// Of parts that belong together: what load() ends with.
  Model(std::shared_ptr<const GgufFile> file, ModelInfo info, std::shared_ptr<const EngineModel> m)
      : file_(std::move(file)), info_(std::move(info)), on_device_(std::move(m)) {}
  const ModelInfo& info() const { return info_; }
  const GgufFile& file() const { return *file_; }
  const EngineModel& on_device() const { return *on_device_; }  // what densities are made of

 private:
  std::shared_ptr<const GgufFile> file_;
  ModelInfo info_;
  std::shared_ptr<const EngineModel> on_device_;
};

/// The architectures that load() supports.
std::span<const std::string_view> supported_architectures();

struct DensityOptions {
  int n_ctx = 0;  // most tokens from a root to a node; 0: the model's training context
  // memory for keys and values; 0: enough for 2 contexts, at most half the free memory
  std::int64_t kv_bytes = 0;
  std::vector<Token> end_tokens{};  // end-of-generation ids
};

/// The density of a model over a tree of prefixes. Contexts (prompts) are added with add_context.
/// Threads: any number of threads at once may call the density of make() and copy and drop
/// references; passes wait for each other, and bookkeeping does not wait for a pass.
/// shared_density.h runs the requests of many threads in one pass.
class LanguageDensity : public CausalDensity {
 public:
  static Result<std::unique_ptr<LanguageDensity>> make(std::shared_ptr<const Model>,
                                                       const DensityOptions&);
  /// Feeds a prompt (at least one token) and returns the node after it. The context lives as long
  /// as the reference, and prompts share KV where they share a prefix.
  Result<PrefixRef> add_context(std::span<const Token> prompt);

  // The parts of add_context.
  /// Returns the node of the longest prefix of the prompt that a live context has; its depth is the
  /// length. Empty if there is none.
  virtual PrefixRef shared_context(std::span<const Token> prompt) = 0;
  /// Remembers the node of a prompt as long as the node lives.
  virtual void remember_context(const PrefixRef&, std::span<const Token> prompt) = 0;
};

}  // namespace ponder
