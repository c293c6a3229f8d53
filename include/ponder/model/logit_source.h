// LogitSource: a causal model whose logits come from outside this library: from another framework,
// another language, another program. ponder keeps the tree of prefixes, batches what is asked,
// reduces the rows and derives the objective; the source gives logits, and vector-Jacobian products
// if it can. Session::over makes a session of it. Not a device for this library's own networks.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ponder/core/status.h"
#include "ponder/core/token.h"

namespace ponder {

/// A token after a prefix. What a source keeps of a prefix (keys and values, say), it keeps under
/// the slot of the prefix's last token. A slot that is fed again holds another prefix from then on.
struct SourceToken {
  int slot = 0;
  int parent = -1;  // the slot of the prefix before the token; -1: the token is the first
  int position = 0;
  Token token = -1;
};

/// A prefix that was fed.
struct SourcePrefix {
  int slot = 0;
  std::span<const Token> tokens;
};

/// Threads: one call at a time, of the functions that are not const; not always the same thread.
class LogitSource {
 public:
  virtual ~LogitSource() = default;

  /// What records, proofs and messages call the model: another name for other weights.
  virtual std::string name() const = 0;
  virtual int n_vocab() const = 0;
  virtual int n_ctx() const = 0;  // most tokens of a prefix
  /// Memory that a slot takes, and that is free for slots, in bytes: they decide how many slots
  /// there are. Free, -1: this machine's memory.
  virtual std::int64_t slot_bytes() const { return 64; }
  virtual std::int64_t free_bytes() const { return -1; }
  /// By how much log p of a reply may change with the batch that it is computed in, in nats. Proofs
  /// leave that much open.
  virtual double drift() const { return 0; }

  /// Called once, before the first token: slots are 0 … n_slots - 1.
  virtual Status start(int n_slots) = 0;
  /// Takes in tokens, parents before children.
  virtual Status feed(std::span<const SourceToken>) = 0;
  /// Writes the logits of the next token after each prefix: out (n, n_vocab), -inf for what cannot
  /// follow. Log-probabilities are logits, too.
  virtual Status logits(std::span<const SourcePrefix>, std::span<float> out) = 0;

  // What a source adds that has a gradient.
  virtual int n_embd() const { return 0; }  // width of the vectors that tokens enter as; 0: none
  /// Writes the vector of each token of the vocabulary: out (n_vocab, n_embd).
  virtual Status embeddings(std::span<float> out);
  /// Takes in vectors x (n, n_embd) instead of tokens, and keeps what backward() needs until the
  /// next such call. Replies follow one another: the parent of a vector is the one before it, or a
  /// slot that was fed earlier. logits() is asked for these slots before backward() is called; in
  /// the prefixes that it gets, a vector is the token -1.
  virtual Status feed_vectors(std::span<const SourceToken>, std::span<const float> x);
  /// dlogits (n, n_vocab): the derivative with respect to the logits after each of the n vectors of
  /// the last feed_vectors(). Writes that with respect to the vectors: dx (n, n_embd). What came
  /// before the vectors is constant.
  virtual Status backward(std::span<const float> dlogits, std::span<float> dx);
};

}  // namespace ponder
