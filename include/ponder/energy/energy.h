// Energy: the target of sampling, pi(x) proportional to exp(-U(x)) with U(x) = -alpha f(x) - sum_k
// beta_k R_k(x), over the replies of a law; and the states of chains, evaluated in batches on a
// density. Not a kernel (kernel.h). docs/methods.md#targets.
#pragma once

#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ponder/density/density.h"
#include "ponder/density/law.h"

namespace ponder {

class SoftScore;  // relaxation.h

/// The smallest and the largest possible value of R, nats.
struct TermRange {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
};

/// R: a preference over whole replies besides their probability.
class Term {
 public:
  virtual ~Term() = default;
  virtual std::string_view name() const = 0;
  /// Computes R of each reply (end token included), nats; -inf forbids the reply. R is a function
  /// of the tokens alone.
  virtual Status evaluate(std::span<const std::span<const Token>> replies,
                          std::span<double> out) = 0;
  /// Bounds R over all replies of at most n_most tokens that begin with `begin`, for searches that
  /// prove. The range is never narrower than the truth, and infinite where no bound is known. Where
  /// `begin` has n_most tokens, it is the range of that reply alone.
  virtual TermRange range(std::span<const Token> /*begin*/, int /*n_most*/) const { return {}; }
  /// R of mixtures of tokens, for kernels that use its derivative; nullptr where R has none.
  virtual SoftScore* relaxed() { return nullptr; }
  /// s (n, n_vocab): scores of replacing one token of an allowed reply x. The term may set scores
  /// to -inf where it is sure to forbid the new reply, so that proposals leave it out.
  virtual void mask_changes(std::span<const Token> /*x*/, std::span<float> /*s*/) const {}
};

/// The exponents of one target. Chains at different exponents are replicas of each other (parallel
/// tempering).
struct Replica {
  double alpha = 1;
  std::vector<double> beta{};  // (n_terms)
};

/// The state of one chain: a reply with its numbers. All other members follow from `tokens` and
/// `replica`.
struct ChainState {
  std::vector<Token> tokens;     // (n) end token included
  int replica = 0;               // index into the energy's replicas
  std::vector<double> logprobs;  // (n) lp_t(x_t), nats
  std::vector<double> lz;        // (n) logsumexp_v lz_alpha lp_t(v), nats; empty: not asked for yet
  double lz_alpha = 1;
  std::vector<double> entropy;  // (n) of row t, nats; empty: not asked for yet
  std::vector<double> terms;    // (n_terms) R_k, nats
  double logprob = 0;           // f, nats
  bool supported = false;       // whether it is a reply of the law
  PrefixRef node;               // after tokens[0 … n-2]: the last token is never fed

  int n() const { return static_cast<int>(tokens.size()); }
  /// The node after the first t < n tokens.
  PrefixRef prefix(int t) const { return node.ancestor(n() - 1 - t); }
};

class Energy {
 public:
  /// The density must outlive the energy. Without replicas, one is made with alpha = 1 and beta
  /// = 0. Errors: kInvalid (an exponent that is negative or not finite, a replica whose number of
  /// betas is not that of the terms).
  static Result<Energy> make(CausalDensity&, const PrefixRef& context, ReplyLaw,
                             std::vector<Replica> = {}, std::vector<std::unique_ptr<Term>> = {});

  CausalDensity& density() const { return *density_; }
  const PrefixRef& context() const { return context_; }
  const ReplyLaw& law() const { return law_; }
  std::span<const std::unique_ptr<Term>> terms() const { return *terms_; }
  std::span<const Replica> replicas() const { return replicas_; }
  double alpha(const ChainState& s) const { return replicas_[s.replica].alpha; }
  /// sum_k beta_k R_k(x) of a replica, nats.
  double bias(const ChainState&, int replica) const;
  double bias(const ChainState& s) const { return bias(s, s.replica); }
  /// U(x) of a replica, nats; +inf where pi is 0.
  double energy(const ChainState&, int replica) const;
  double energy(const ChainState& s) const { return energy(s, s.replica); }

  /// A state whose tokens are the first `from` tokens of `base` followed by `tail` (not empty). It
  /// gets the kinds of rows that `base` has. Without a base it starts from the context.
  struct Edit {
    const ChainState* base = nullptr;
    int from = 0;
    std::vector<Token> tail;
  };
  /// Evaluates all edits in one batch. Tokens that are no reply of the law give states that are not
  /// supported. Errors: kInvalid (ids out of range, tail empty), and those of the density and the
  /// terms.
  Status evaluate(std::span<const Edit>, std::vector<ChainState>& out) const;
  /// Adds missing rows to the states, in one batch and without feeding a token: lz at an exponent
  /// for each state (NaN: not wanted), and entropies.
  Status add_rows(std::span<ChainState> states, std::span<const double> lz_alpha,
                  bool entropy) const;
  /// Computes f, the support and the terms, in one batch each, of states whose tokens and rows are
  /// complete.
  Status finish(std::span<ChainState>) const;

 private:
  Energy(CausalDensity& d, const PrefixRef& c, ReplyLaw l)
      : density_(&d), context_(c), law_(std::move(l)) {}
  CausalDensity* density_;
  PrefixRef context_;
  ReplyLaw law_;
  std::vector<Replica> replicas_;
  std::shared_ptr<const std::vector<std::unique_ptr<Term>>> terms_;
};

}  // namespace ponder
