// Engine: the numbers of one tree of prefixes on one device: keys, values and last hidden vectors
// by slot, the activations that a derivative needs, and what rows of the vocabulary are reduced to.
// A density says which node has which slot and sees none of these numbers but results. Every call
// is a pass or a part of one, a millisecond or more. Not the tree (prefix_tree.h), nor an engine:
// src/cpu is one. docs/howto-add-engine.md.
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

/// A mixture of tokens: sum_j weights[j] E(tokens[j]) enters the first block. Without weights, the
/// first token alone.
struct TokenMix {
  std::span<const Token> tokens;
  std::span<const float> weights;
};

/// Rows to push through the network, parents before children. Row i sees the slots of
/// runs[first_run[i] …).
struct ForwardBatch {
  std::vector<Token> tokens;
  std::vector<TokenMix> mixes;  // (n) instead of the tokens, or empty
  std::vector<int> positions, slots;
  std::vector<KvRun> runs;
  std::vector<std::uint32_t> first_run;  // (n + 1)
  std::vector<bool> wanted;  // (n) last hidden vectors to write, or empty: all; with a tape all are
  int n() const { return static_cast<int>(slots.size()); }
  std::span<const KvRun> path(std::int64_t i) const {
    return {runs.data() + first_run[i], first_run[i + 1] - first_run[i]};
  }
};

/// What a forward pass leaves for backward.
enum class Keep : std::uint8_t {
  kNothing,
  kStream,  // the residual stream between layers: each layer is run again on the way back
  kAll,     // all activations
};

/// A row of the vocabulary that is wanted, of the slot's last hidden vector.
struct RowRequest {
  int slot = -1;
  const Needs* needs = nullptr;
  const TokenMask* mask = nullptr;  // nullptr: all ids
  Token target = -1;                // whose logprob is wanted; -1: none
  Row* out = nullptr;
};

/// A row on which an objective is taken, and what it is there.
struct ObjectiveRow {
  int slot = -1;                      // whose last hidden vector it is
  int batch_row = -1;                 // the row of the kept pass that has made it; -1: a constant
  const TokenMask* mask = nullptr;    // nullptr: all ids
  std::span<const Token> candidates;  // (m)
  std::span<const float> weights;     // (m); empty: all ones
  std::size_t reply = 0, t = 0;       // for the terms
  float* direct = nullptr;  // (m) d value / d weights through this row; nullptr: not wanted
  double value = 0, logprob = 0, lz = 0;  // nats
};

/// Slopes of ids through what enters the network: out (n, m) += E(v) . de_t of the ids v.
struct SlopeRequest {
  std::span<const Token> ids;  // (n, m), or (m) for all positions alike; empty: id j is j
  std::span<const float> de;   // (n, n_embd)
  std::size_t m = 0;
  std::span<float> out;  // (n, m)
};

/// Constants of an engine that batches are cut by.
struct EngineSizes {
  int pass_rows = 0;                           // best for one pass; one long reply may have more
  int row_block = 1;                           // memory is taken for so many rows at a time
  std::int64_t kept_stream = 0, kept_all = 0;  // bytes that a row leaves for backward
};

/// Numbers of a row depend on its path alone, bit for bit: not on the batch, nor on any number of
/// threads, nor on whether anything is kept. Errors: kResource (the device's memory), kNumeric (a
/// row that is not finite); the host's memory ends in std::bad_alloc, and what a caller's terms
/// throw comes through. Threads: one call at a time.
class Engine {
 public:
  explicit Engine(const EngineSizes& s) : sizes_(s) {}
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  const EngineSizes& sizes() const { return sizes_; }
  /// Bytes that a pass of n rows leaves for backward.
  std::int64_t kept_bytes(std::size_t n, Keep) const;

  /// work() with whatever the calls within it need held ready, threads for example; its Status.
  virtual Status pass(const std::function<Status()>& work) = 0;

  /// Writes keys, values and the wanted last hidden vectors of the rows' slots.
  virtual Status forward(const ForwardBatch&, Keep) = 0;
  /// Fills the rows: reduced where they are made, in any order.
  virtual Status rows(std::span<const RowRequest>) = 0;

  // A gradient: a forward pass that keeps something, the objective on its rows, the way back.
  /// Value of each row, and its derivative with respect to the last hidden vectors, which stays
  /// here. Every row of the kept pass is in one of `rows`.
  virtual Status objective(std::span<ObjectiveRow> rows, const Objective&) = 0;
  /// dx (n, n_embd): d objective / d what entered the first block in the pass that was kept last,
  /// which was `b`. first_rows: of each reply, and n at the end; a reply's rows follow one another,
  /// and its keys before them are constants.
  virtual Status backward(const ForwardBatch& b, std::span<const int> first_rows,
                          std::span<float> dx) = 0;

  /// What enters the first block, positions apart: (n, n_embd).
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

/// A model's weights in the form that a device wants. Immutable; shared by all its engines.
class EngineModel {
 public:
  virtual ~EngineModel() = default;
  /// Memory that is free for keys and values, bytes.
  virtual std::int64_t free_bytes() const = 0;
  /// An engine of n_slots slots; the model outlives it. Errors: kResource.
  virtual Result<std::unique_ptr<Engine>> engine(int n_slots) const = 0;
};

/// A kind of engine: what a backend is known by.
struct EngineKind {
  std::string_view name;  // "cpu"
  /// Fills in what a model would be on this device, without loading it: memory, precision, form of
  /// the weights, threads, instruction set. Errors: kInvalid, kUnsupported (the file), kResource.
  Status (*describe)(const GgufFile&, const Config&, const ModelOptions&, ModelInfo& out);
  /// The model that was described so.
  Result<std::shared_ptr<const EngineModel>> (*load)(std::shared_ptr<const GgufFile>, Config,
                                                     ModelInfo);
};

}  // namespace ponder
