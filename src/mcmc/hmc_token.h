// hmc-token: Hamiltonian Monte Carlo on logits over a list of candidates at each position; the
// reply is their argmax up to the end. It suits loosely coupled targets. It is exact on the replies
// in the lists; other replies do not move. docs/methods.md#token-space.
#pragma once

#include "mcmc/noise_path.h"
#include "ponder/energy/relaxation.h"

namespace ponder {

struct HmcTokenConfig {
  int steps = 3;
  double step = 0.2;  // of the leapfrog, in units of z
  double force = 0;   // kappa; 0: only the force of the base law, and no gradient
  double tau = 1;     // temperature of the relaxation
  int candidates = 16;
  TokenRelaxation::Kind relaxation = TokenRelaxation::Kind::kSoftmax;
  Block::Kind block = Block::Kind::kAll;
  bool tune = true;  // tune the step in the warm-up
};

/// Constant lists: at each position the end tokens, and the most likely other tokens after the
/// greedy unended reply. Where fewer tokens are allowed than elsewhere, forbidden tokens fill the
/// list; they are almost impossible (kAbsent).
struct TokenLists {
  int m = 0;
  std::vector<Token> candidates{};  // (n, m)
  // (n, m) base law: log p at that position, normalised over the list
  std::vector<double> log_q{};
  int n() const { return static_cast<int>(candidates.size()) / m; }
  /// Index of a token in the list of a position; -1: not in the list.
  int find(int t, Token v) const;
};
Result<TokenLists> greedy_lists(const Energy&, int m);

class HmcTokenKernel final : public Kernel {
 public:
  static Result<std::unique_ptr<Kernel>> make(const Energy&, const HmcTokenConfig&);
  std::string_view name() const override { return "hmc-token"; }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;
  std::vector<StepSize> step_sizes() override;
  /// True if every token of the reply is in its list.
  bool holds(std::span<const Token>) const;

  /// A chain during a step. All arrays are (n, m).
  struct Point {
    int replica = 0;
    Block block{};
    std::vector<double> z{}, p{};  // p: 0 outside the block
  };
  /// Draws z given x, positions after the end included, and a fresh momentum.
  Result<Point> lift(const ChainState&, Choices&) const;
  /// Makes L steps of all points. A negative step goes back.
  Status leapfrog(std::span<Point>, double step) const;

 private:
  /// A source of force: f, or a term with a derivative.
  struct Pull {
    int term;  // -1: f
    TokenRelaxation relaxed;
  };
  HmcTokenKernel(const Energy& e, HmcTokenConfig c, TokenLists l, std::unique_ptr<SoftScore> s,
                 std::vector<Pull> p)
      : energy_(e), config_(c), lists_(std::move(l)), score_(std::move(s)), pulls_(std::move(p)) {}
  const TokenRelaxation& relaxation() const {
    return pulls_[0].relaxed;
  }  // all of them lift and decode alike
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
