// hmc-token: Hamiltonian Monte Carlo on logits over a list of candidates at each position; the
// reply is their argmax up to the end. For loosely coupled targets. Exact on the replies that the
// lists hold; others stay as they are. docs/methods.md#token-space.
#pragma once

#include "mcmc/noise_path.h"
#include "ponder/energy/relaxation.h"

namespace ponder {

struct HmcTokenConfig {
  int steps = 3;
  double step = 0.2;  // of the leapfrog, in units of z
  double force = 0;   // kappa; 0: the base law's alone, and no gradient
  double tau = 1;     // temperature of the relaxation
  int candidates = 16;
  TokenRelaxation::Kind relaxation = TokenRelaxation::Kind::kSoftmax;
  Block::Kind block = Block::Kind::kAll;
  bool tune = true;  // the step, in warm-up
};

/// Lists that never change: at each position the end tokens and the most likely others after the
/// greedy unended reply. Where fewer are allowed than elsewhere, tokens that are not fill the list,
/// all but impossible (kAbsent).
struct TokenLists {
  int m = 0;
  std::vector<Token> candidates{};  // (n, m)
  std::vector<double> log_q{};      // (n, m) base law: log p there, normalised over the list
  int n() const { return static_cast<int>(candidates.size()) / m; }
  /// Index of a token in the list of a position; -1: not there.
  int find(int t, Token v) const;
};
Result<TokenLists> greedy_lists(const Energy&, int m);

class HmcTokenKernel final : public Kernel {
 public:
  static Result<std::unique_ptr<Kernel>> make(const Energy&, const HmcTokenConfig&);
  std::string_view name() const override { return "hmc-token"; }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;
  std::vector<StepSize> step_sizes() override;
  /// Do the lists hold this reply?
  bool holds(std::span<const Token>) const;

  /// A chain in the course of a step. All (n, m).
  struct Point {
    int replica = 0;
    Block block{};
    std::vector<double> z{}, p{};  // p: 0 outside the block
  };
  /// z | x, positions after the end included, and a fresh momentum.
  Result<Point> lift(const ChainState&, Choices&) const;
  /// L steps of all points. A negative step goes back.
  Status leapfrog(std::span<Point>, double step) const;

 private:
  /// What pulls: f, or a term that has a derivative.
  struct Pull {
    int term;  // -1: f
    TokenRelaxation relaxed;
  };
  HmcTokenKernel(const Energy& e, HmcTokenConfig c, TokenLists l, std::unique_ptr<SoftScore> s,
                 std::vector<Pull> p)
      : energy_(e), config_(c), lists_(std::move(l)), score_(std::move(s)), pulls_(std::move(p)) {}
  const TokenRelaxation& relaxation() const {
    return pulls_[0].relaxed;
  }  // all lift and decode alike
  Status add_pull(const Pull&, std::span<const Point>, std::span<const std::vector<double>> heads,
                  std::vector<std::vector<double>>& forces) const;
  std::vector<Token> text(const Point&) const;
  Status kick(std::span<Point>, double step) const;
  double hamiltonian(const Point&, const ChainState& x) const;

  const Energy& energy_;
  HmcTokenConfig config_;
  TokenLists lists_;
  std::unique_ptr<SoftScore> score_;
  std::vector<Pull> pulls_;  // f first
};

}  // namespace ponder
