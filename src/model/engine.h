// Engine: holds and computes the numbers of one prefix tree on one device: keys, values and last
// hidden vectors by slot, the activations that a derivative needs, and the results of vocabulary
// rows. A density decides which node has which slot, and sees only results. Every call runs a pass
// or a part of one, which takes a millisecond or more. Not the tree (prefix_tree.h), and not an
// implementation: src/cpu is one. docs/howto-add-engine.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/kv_run.h"
#include "model/config.h"
#include "ponder/density/density.h"
#include "ponder/density/gradient.h"
#include "ponder/model/model.h"

namespace ponder {

/// A mixture of tokens: the vector sum_j weights[j] E(tokens[j]) enters the first block, where E(v)
/// is the embedding of token v. If weights is empty, the first token alone enters.
struct TokenMix {
  std::span<const Token> tokens;
  std::span<const float> weights;
};

/// The rows that one forward pass pushes through the network, parents before children. Row i
/// attends to the slots of path(i).
struct ForwardBatch {
  std::vector<Token> tokens;
  std::vector<TokenMix> mixes;  // (n) used instead of the tokens, or empty
  std::vector<int> positions, slots;
  std::vector<KvRun> runs;
  std::vector<std::uint32_t> first_run;  // (n + 1)
  std::vector<bool> wanted;  // (n) whether to write the row's last hidden vector; empty: write all.
                             // A pass that keeps something writes all
  int n() const { return static_cast<int>(slots.size()); }
  std::span<const KvRun> path(std::int64_t i) const {
    return {runs.data() + first_run[i], first_run[i + 1] - first_run[i]};
  }
};

/// What a forward pass keeps for backward().
enum class Keep : std::uint8_t {
  kNothing,
  kStream,  // the residual stream between layers; backward() runs each layer again
  kAll,     // all activations
};

/// A request for one vocabulary row, the law of the next token after a slot's last hidden vector.
struct RowRequest {
  int slot = -1;
  const Needs* needs = nullptr;
  const TokenMask* mask = nullptr;  // nullptr: all ids
  Token target = -1;                // the id whose logprob is wanted; -1: none
  Row* out = nullptr;
};

/// A vocabulary row on which an objective is evaluated, and the results.
struct ObjectiveRow {
  int slot = -1;                      // the row is computed from this slot's last hidden vector
  int batch_row = -1;                 // the kept pass's row of this vector; -1: a constant
  const TokenMask* mask = nullptr;    // nullptr: all ids
  std::span<const Token> candidates;  // (m)
  std::span<const float> weights;     // (m); empty: all ones
  std::size_t reply = 0, t = 0;       // passed to the objective's terms
  float* direct = nullptr;  // (m) out: d value / d weights through this row; nullptr: not wanted
  double value = 0, logprob = 0, lz = 0;  // out, in nats
};

/// A request for directional derivatives along embeddings: out[t, j] += E(ids[t, j]) . de[t], for n
/// positions t and m ids each.
struct SlopeRequest {
  std::span<const Token> ids;  // (n, m), or (m): the same ids at all positions; empty: id j is j
  std::span<const float> de;   // (n, n_embd)
  std::size_t m = 0;
  std::span<float> out;  // (n, m)
};

/// Constants of an engine that decide how a density cuts its batches.
struct EngineSizes {
  int pass_rows = 0;  // best number of rows in one pass; one long reply may have more
  int row_block = 1;  // memory is allocated for multiples of this many rows
  std::int64_t kept_stream = 0, kept_all = 0;  // bytes kept per row for backward()
};

/// The numbers of a row depend on its path alone, bit for bit: not on the batch, the number of
/// threads, or what is kept. Errors: kResource (the device has too little memory), kNumeric (a row
/// is not finite). If the host has too little memory, std::bad_alloc is thrown; exceptions from a
/// caller's terms propagate. Threads: one call at a time.
class Engine {
 public:
  explicit Engine(const EngineSizes& s) : sizes_(s) {}
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  const EngineSizes& sizes() const { return sizes_; }
  /// Bytes that a pass of n rows keeps for backward().
  std::int64_t kept_bytes(std::size_t n, Keep) const;

  /// Runs work() while holding what the calls within it need, for example threads. Returns its
  /// Status.
  virtual Status pass(const std::function<Status()>& work) = 0;

  /// Runs the rows through the network. Writes keys, values and the wanted last hidden vectors to
  /// the rows' slots.
  virtual Status forward(const ForwardBatch&, Keep) = 0;
  /// Fills `out` of each request, in any order. Logits are reduced on the device.
  virtual Status rows(std::span<const RowRequest>) = 0;

  // A gradient takes three calls: forward() that keeps something, objective() on its rows,
  // backward().
  /// Computes the value of each row. The derivative with respect to the last hidden vectors stays
  /// in the engine. Every row of the kept pass must be in `rows`.
  virtual Status objective(std::span<ObjectiveRow> rows, const Objective&) = 0;
  /// Computes dx (n, n_embd), the derivative of the objective with respect to the vectors that
  /// entered the first block. `b` must be the batch of the last pass that was kept. first_rows: the
  /// first row of each reply, and n at the end; the rows of a reply follow one another, and the
  /// keys before them are constants.
  virtual Status backward(const ForwardBatch& b, std::span<const int> first_rows,
                          std::span<float> dx) = 0;

  /// The vectors that enter the first block, without positions: (n, n_embd).
  virtual Status embeddings(std::span<const TokenMix>, std::span<float> out) const = 0;
  virtual Status slopes(std::span<const SlopeRequest>) const = 0;

 private:
  EngineSizes sizes_;
};

inline std::int64_t Engine::kept_bytes(std::size_t n, Keep keep) const {
  if (keep == Keep::kNothing) return 0;
  const auto block = static_cast<std::size_t>(sizes_.row_block);
  return static_cast<std::int64_t>((n + block - 1) / block * block) *
         (keep == Keep::kAll ? sizes_.kept_all : sizes_.kept_stream);
}

/// A model's weights in the form that a device needs. Immutable; shared by all its engines.
class EngineModel {
 public:
  virtual ~EngineModel() = default;
  /// Memory in bytes that is free for keys and values.
  virtual std::int64_t free_bytes() const = 0;
  /// Makes an engine with n_slots slots. The model must outlive it. Errors: kResource.
  virtual Result<std::unique_ptr<Engine>> engine(int n_slots) const = 0;
};

/// A kind of engine: how a backend is registered.
struct EngineKind {
  std::string_view name;  // "cpu"
  /// Fills `out` with what the model would use on this device, without loading it: memory,
  /// precision, form of the weights, threads, instruction set. Errors: kInvalid, kUnsupported (the
  /// file), kResource.
  Status (*describe)(const GgufFile&, const Config&, const ModelOptions&, ModelInfo& out);
  /// Loads the model as describe() has set it out in ModelInfo.
  Result<std::shared_ptr<const EngineModel>> (*load)(std::shared_ptr<const GgufFile>, Config,
                                                     ModelInfo);
};

}  // namespace ponder
