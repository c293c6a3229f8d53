// Annealed chains: Markov chains (kernel.h) whose exponent rises from the model's own law to its
// mode and falls again, as an optimiser. The best reply that they pass is kept; they are no draws.
// docs/methods.md#portfolio; Kirkpatrick et al. 1983.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "ponder/chains/kernel.h"
#include "ponder/search/search.h"

namespace ponder {

/// Some steps of a kernel at one exponent.
struct AnnealStage {
  double alpha = 1;
  KernelSpec kernel{};
  int steps = 1;
};
/// Suffixes redrawn and, unless `slice` is false, noise sliced; alpha 1, 4, 16 and so high that
/// nothing but ascent is accepted.
std::vector<AnnealStage> default_stages(bool slice = true);
/// One kernel, at the same exponents up to `highest`.
std::vector<AnnealStage> stages_of(const KernelSpec& kernel, double highest);

struct AnnealConfig {
  std::vector<AnnealStage> stages = default_stages();
  int chains = 4;
  int cycles =
      std::numeric_limits<int>::max();  // through all stages; from the second on they are reheated
  std::uint64_t seed = 0;
  std::function<void(const Reply& best)> progress{};  // after the start and each step
};
struct AnnealResult {
  std::vector<Reply>
      replies{};           // the best that each chain has passed, most likely first, each once
  std::int64_t steps = 0;  // of all chains together
};
/// Chains from `starts` in turn, or from draws where none of them is a reply of the law; all chains
/// are one batch. What it finds is no worse than the best start. Without a budget `cycles` must end
/// it. Errors: kInvalid (no chain, no stage, fewer than 0 steps), those of KernelSpec::make and the
/// density.
Result<AnnealResult> anneal(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                            const AnnealConfig&, std::span<const Reply> starts, const Budget&);

}  // namespace ponder
