// suffix: multiple-try Metropolis that draws a reply anew from a random position on. METHODS 2.1; Liu, Liang, Wong
// 2000 (multiple-try), Karan and Du 2025 (power sampling, whose published ratio lacks the weight of the cut).
#pragma once

#include <optional>
#include <vector>

#include "ponder/kernel.h"

namespace ponder {

struct SuffixConfig {
  enum class Cut {
    kUniform,  // w[t] = 1
    kEntropy,  // w[t] = floor + H_t^2, H_t the entropy of row t
  };
  int tries = 1;
  Cut cut = Cut::kUniform;
  double entropy_floor = 0.01;          // nats^2, of kEntropy
  bool early = true;                    // stop decoding what is sure to be refused
  std::optional<double> temperature{};  // proposals from softmax(lp / temperature); unset: the target's alpha
};

class SuffixKernel final : public Kernel {
 public:
  SuffixKernel(const Energy& e, SuffixConfig c) : energy_(e), config_(c) {}
  std::string_view name() const override { return "suffix"; }
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const override;

 private:
  double exponent(const ChainState&) const;
  std::vector<double> log_cut_weights(const ChainState&) const;
  double log_cut_weight(const ChainState& y, int cut) const;
  bool bounded(const ChainState&) const;
  double log_bound(const ChainState& y, int cut) const;

  const Energy& energy_;
  SuffixConfig config_;
};

}  // namespace ponder
