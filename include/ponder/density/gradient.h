// The gradient of a reply's score on a differentiable density: of log p, of its relaxation to
// mixtures of tokens, of the log-normalisers of p^alpha, and of terms of one's own. Not a
// relaxation itself (relaxation.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ponder/density/density.h"

namespace ponder {

/// A reply of n positions after a prefix, each a mixture of m candidate tokens. Position t enters
/// the network as e_t = sum_j weights[t][j] E(candidates[t][j]), where E(v) is the input of the
/// first block for token v.
struct SoftReply {
  PrefixRef parent{};
  // (n, m), or (m) where all positions have the same candidates; m = 1: the reply's tokens
  std::span<const Token> candidates;
  std::span<const float> weights{};  // (n, m), each row sums to 1; empty: all ones, m = 1
  int m = 1;
  /// Allowed ids of each row, as Extend::masks: empty, one, or n.
  std::vector<const TokenMask*> masks{};
  std::size_t n() const {
    return (weights.empty() ? candidates.size() : weights.size()) / static_cast<std::size_t>(m);
  }
  /// The candidates of position t.
  std::span<const Token> list(std::size_t t) const {
    const auto size = static_cast<std::size_t>(m);
    return candidates.size() == size ? candidates : candidates.subspan(t * size, size);
  }
};

/// A term on the law of single rows.
class RowTerm {
 public:
  virtual ~RowTerm() = default;
  /// lp (n_vocab): log p(. | …) of row t of a reply, nats, -inf where masked. Adds d term / d lp,
  /// as if the entries of lp were free, to dlp (n_vocab; entries of masked ids are ignored) and
  /// returns the term. It is called from several threads at once, once a row, and must depend on
  /// its arguments alone.
  virtual double add(std::size_t reply, std::size_t t, std::span<const float> lp,
                     std::span<float> dlp) const = 0;
};

/// A term on the input of the network.
class EmbeddingTerm {
 public:
  virtual ~EmbeddingTerm() = default;
  /// e (n, n_embd): the mixtures e_t of a reply. Adds d term / d e to de (n, n_embd) and returns
  /// the term. It is called from several threads at once, once a reply, and must depend on its
  /// arguments alone.
  virtual double add(std::size_t reply, std::span<const float> e, std::span<float> de) const = 0;
};

/// J(reply) = sum_t [ logprob <s_t, lp_t> + lz lZ_t(alpha) ] + terms, with lZ_t = logsumexp_v alpha
/// lp_t(v).
struct Objective {
  double logprob = 1;
  double lz = 0, alpha = 1;
  std::span<const RowTerm* const> row_terms{};
  std::span<const EmbeddingTerm* const> embedding_terms{};
};

struct ReplyGradient {
  double value = 0;              // J, nats
  std::vector<double> logprobs;  // (n) <s_t, lp_t>
  std::vector<double> lz;        // (n) lZ_t(alpha), where the objective has it
  std::vector<float> embedding;  // (n, n_embd) dJ/de_t
  // (n, m) dJ/ds_t, directly and through e_t; when asked for
  std::vector<float> weights;
  std::vector<float> slopes;  // (n, n_vocab) E_v . dJ/de_t of every id v; when asked for
  bool finite = true;  // false: value or derivative is not finite; the three arrays are empty then
};

struct GradientOptions {
  bool weights = false;  // dJ/ds too
  bool slopes = false;   // E_v . dJ/de of the whole vocabulary too
  /// Most bytes of activations to keep. Beyond this limit layers are run twice, and fewer replies,
  /// but at least one, are worked on at a time. 0: 1 GB.
  std::int64_t tape_limit = 0;
};

}  // namespace ponder
