// suffix: multiple-try Metropolis that draws the part of a reply after a random position anew.
// docs/methods.md#suffix; Liu, Liang, Wong 2000 (multiple-try), Karan and Du 2025 (power sampling,
// whose published ratio lacks the weight of the cut).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ponder/chains/kernel.h"

namespace ponder {

struct SuffixConfig {
  enum class Cut {
    kUniform,  // w[t] = 1
    kEntropy,  // w[t] = floor + H_t^2, H_t the entropy of row t
  };
  int tries = 1;
  Cut cut = Cut::kUniform;
  double entropy_floor = 0.01;  // nats^2, of kEntropy
  bool early = true;            // stop decoding tries that are sure to be refused
  // proposals from softmax(lp / temperature); unset: the target's alpha
  std::optional<double> temperature{};
};

/// A step of one chain in progress.
struct SuffixMove {
  ChainState* x = nullptr;
  Choices* choices = nullptr;
  StepInfo info{};
  double present = 0;   // log weight of the present reply
  double survived = 0;  // log of the bound on the ratio that the move has survived so far
  bool refused = false;
  std::vector<ChainState> tries{};
};

class SuffixKernel final : public Kernel {
 public:
  SuffixKernel(const Energy& e, SuffixConfig c) : energy_(e), config_(c) {}
  std::string_view name() const override { return "suffix"; }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;
  /// Returns nullptr where there are terms, whose evaluation needs a common batch.
  std::unique_ptr<AsyncSteps> async(std::span<ChainState>) const override;

  /// The stages of a step: rows for the cut, the cut, tokens of the tries while `open`, the
  /// decision.
  Status prepare(std::span<ChainState>) const;
  SuffixMove begin(ChainState&, Choices&) const;
  bool open(const SuffixMove&) const;
  Status draw(std::span<SuffixMove* const>) const;
  Status decide(std::span<SuffixMove* const>) const;

 private:
  class Async;
  double exponent(const ChainState&) const;
  std::vector<double> log_cut_weights(const ChainState&) const;
  double log_cut_weight(const ChainState& y, int cut) const;
  bool bounded(const ChainState&) const;
  double log_bound(const ChainState& y, int cut) const;
  void refuse_early(SuffixMove&) const;
  void decide(SuffixMove&, std::span<ChainState> tries) const;

  const Energy& energy_;
  SuffixConfig config_;
};

}  // namespace ponder
