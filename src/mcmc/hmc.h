// hmc: Hamiltonian Monte Carlo on the decoder's noise: the exact rotation of the normal base,
// kicked by an optional force. docs/methods.md#noise-space; Shahbaba et al. 2014 (splitting),
// Neal 2011.
#pragma once

#include <vector>

#include "mcmc/noise_path.h"
#include "mcmc/text_memo.h"
#include "ponder/chains/kernel.h"

namespace ponder {

struct HmcConfig {
  int steps = 3;
  double angle = 0.3;  // of one rotation, radians
  double force = 0;    // kappa; 0: no gradient and one decode a step
  double tau = 1;      // temperature of the force's softmax
  Block::Kind block = Block::Kind::kSuffix;
  bool tune = true;  // tune the angle in the warm-up
};

/// Tables of a text from which the force is computed: (n, n_vocab) estimates of log w(x with x_t =
/// v) - log w(x) at the target's alpha, without terms; empty where log w has no derivative. They
/// are kept by (replica, text), so that they are functions of the text alone and cost a backward
/// pass once.
class GainTables {
 public:
  explicit GainTables(const Energy& e) : energy_(e) {}
  Status add(std::span<const ChainState* const>);
  std::span<const float> of(const ChainState& s) const { return tables_.of(s); }
  /// Forgets all tables but those of these chains.
  void keep(std::span<const ChainState> chains) { tables_.keep(chains); }

 private:
  Status compute(std::span<const ChainState* const>, std::vector<std::vector<float>>& out) const;
  const Energy& energy_;
  TextMemo<std::vector<float>> tables_{};
};

/// L times { half a kick, a rotation, half a kick }. `at`: the texts that the paths decode to, both
/// on entry and on return.
Status leapfrog(const Energy&, const HmcConfig&, GainTables&, std::span<NoisePath* const>,
                std::span<KnownReply* const> at);

/// Only one step may run at a time, since all steps share the tables.
class HmcKernel final : public Kernel {
 public:
  HmcKernel(const Energy& e, HmcConfig c) : energy_(e), config_(c), gains_(e) {}
  std::string_view name() const override { return "hmc"; }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;
  std::vector<StepSize> step_sizes() override;

 private:
  const Energy& energy_;
  HmcConfig config_;
  mutable GainTables gains_;  // text_memo.h says why it is mutable
};

}  // namespace ponder
