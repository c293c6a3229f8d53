// Relaxations: continuous variables instead of a reply's tokens, with the step there (lift) and
// back (decode), and the relaxed score with its derivative. Token space: logits over a list of
// candidates a position. Noise space: the Gumbel noise of the decoder itself.
// docs/methods.md#relaxations; docs/gradient.md. Not samplers, which move on relaxations.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "ponder/density/gradient.h"
#include "ponder/density/law.h"

namespace ponder {

/// n positions of m candidate tokens, each with a weight.
struct SoftPoint {
  std::span<const Token> candidates;  // (n, m)
  std::span<const float> weights;     // (n, m), each row sums to 1
  int m = 1;
};
struct SoftValue {
  double value = 0;            // relaxed f, nats
  std::vector<float> weights;  // (n, m) d value / d weights; empty when not finite
  bool finite = true;
};

/// A score of token strings of fixed length that also takes mixtures of tokens: a language model, a
/// fitness, or your own score. Contract: at one-hot weights `evaluate` gives the value that `score`
/// gives for the tokens (contract.h checks it).
class SoftScore {
 public:
  virtual ~SoftScore() = default;
  /// f of each string, nats, larger is better.
  virtual Status score(std::span<const std::vector<Token>>, std::vector<double>& f) = 0;
  /// Relaxed f and its derivative at each point.
  virtual Status evaluate(std::span<const SoftPoint>, std::vector<SoftValue>&) = 0;
};

/// log p of the reply after a prefix, under a law's masks. The density and the prefix must outlive
/// the score.
std::unique_ptr<SoftScore> make_language_score(CausalDensity&, const PrefixRef& root,
                                               const ReplyLaw&);

/// Uniform draws in [0, 1) for a lift; the caller counts them.
using Uniforms = std::function<double()>;

/// log_q of a candidate that only fills a list: it is almost never drawn, and has no weight in
/// mixtures.
inline constexpr double kAbsent = -30;

/// Token space: logits z (n, m) over a fixed list of candidates at each position.
class TokenRelaxation {
 public:
  enum class Kind {
    kSoftmax,  // weights softmax(z / tau)
    // value at the one-hot argmax of z, derivative as if softmax (Bengio et al. 2013)
    kStraightThrough,
  };
  /// log_q (n, m): a base law over each list, uniform when empty; z is log_q plus Gumbel noise.
  /// Errors: kInvalid (sizes, a token twice in a list).
  static Result<TokenRelaxation> make(SoftScore&, std::vector<Token> candidates, int m, Kind,
                                      std::vector<double> log_q = {});

  int n() const { return static_cast<int>(candidates_.size()) / m_; }
  int m() const { return m_; }
  /// The tokens at the argmax of z (n or fewer positions, m), ties to the first.
  std::vector<Token> decode(std::span<const double> z) const;
  /// Draws z ~ log_q + Gumbel given that it decodes to x (docs/methods.md#token-space). Errors:
  /// kInvalid (x not in the lists).
  Result<std::vector<double>> lift(std::span<const Token> x, const Uniforms&) const;

  struct Value {
    double value = 0;       // nats
    std::vector<double> z;  // (n, m) d value / d z
    bool finite = true;
  };
  /// Relaxed f at temperature tau > 0 of many states in one batch, each of n or fewer positions; at
  /// tau = 0, f of decode(z) without a derivative. x: for kStraightThrough, tokens whose value
  /// replaces that of the argmax, for example a draw from softmax(z / tau). Errors: kInvalid
  /// (sizes, a token that is not in its list).
  Status evaluate(std::span<const std::vector<double>> z, double tau, std::vector<Value>&,
                  std::span<const std::vector<Token>> x = {}) const;

 private:
  TokenRelaxation(SoftScore& s, std::vector<Token> c, int m, Kind k, std::vector<double> q)
      : score_(&s), candidates_(std::move(c)), log_q_(std::move(q)), m_(m), kind_(k) {}
  std::vector<int> argmax(std::span<const double> z) const;
  Result<int> place(std::size_t position, Token) const;
  // (n, m) one-hot, at the tokens x or, where none are given, at the argmax of z
  Result<std::vector<float>> one_hot(std::span<const double> z, const std::vector<Token>* x) const;

  SoftScore* score_;
  std::vector<Token> candidates_;  // (n, m)
  std::vector<double> log_q_;      // (n, m)
  int m_;
  Kind kind_;
};

/// f(x with x_i = v) - f(x) to first order, for every candidate v of every position: (n, m). Exact
/// when f is linear.
Result<std::vector<double>> first_order(SoftScore&, std::span<const Token> x,
                                        std::span<const Token> candidates, int m);

/// Noise space: standard normals eps (horizon, n_vocab), whose Gumbel transform is added to alpha
/// log p before each argmax. Under eps ~ N(0, I) the decoded reply is a draw from softmax(alpha log
/// p), token by token.
class NoiseRelaxation {
 public:
  struct State {
    std::vector<float> eps;  // (horizon, n_vocab)
  };
  struct Decoded {
    std::vector<Token> tokens;  // end token included
    // log w = sum_t lZ_t(alpha), nats; -inf for strings that are no reply of the law
    double log_weight = 0;
    double logprob = 0;  // f
    bool ended = false;
  };
  /// The density must outlive the relaxation.
  NoiseRelaxation(CausalDensity&, PrefixRef root, ReplyLaw, double alpha);

  /// Decodes many states to their replies, in one batch a position.
  Status decode(std::span<const State* const>, std::vector<Decoded>&) const;
  /// Draws the noise given that it decodes to x (docs/methods.md#noise-space). Positions after the
  /// end get fresh normals.
  Status lift(std::span<const Token> x, const Uniforms&, State&) const;
  /// The force, kappa d/d eps of the linear estimate of log w around the decoded reply at
  /// temperature tau: (horizon, n_vocab), a function of eps alone. The derivative of log w by
  /// tokens is kept by text: a call whose eps decodes to the text of the previous call needs no
  /// model call but the decode. `text`, when given, receives the decoded reply. Errors:
  /// kUnsupported without a differentiable density.
  Status force(const State&, double kappa, double tau, std::vector<float>& out,
               Decoded* text = nullptr);

 private:
  struct Slopes {
    std::vector<Token> tokens;
    std::vector<float> gain;  // (n, n_vocab) estimate of log w(x with x_t = v) - log w(x)
    Rows rows;                // (n) whole rows
  };
  Status update_slopes(const Decoded&);

  CausalDensity& density_;
  PrefixRef root_;
  ReplyLaw law_;
  double alpha_;
  Slopes slopes_;
};

}  // namespace ponder
