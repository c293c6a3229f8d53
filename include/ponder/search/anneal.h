// Annealed chains: Markov chains (kernel.h) whose exponent rises from the model's own law to its
// mode and falls again, as an optimiser. The best reply that the chains visit is kept; their states
// are no draws. docs/methods.md#portfolio; Kirkpatrick et al. 1983.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "ponder/chains/kernel.h"
#include "ponder/search/search.h"

namespace ponder {

/// A number of steps of a kernel at one exponent.
struct AnnealStage {
  double alpha = 1;
  KernelSpec kernel{};
  int steps = 1;
};
/// The kernel suffix and, unless `slice` is false, slice, at alpha 1, 4, 16 and finally an alpha so
/// high that only ascent is accepted.
std::vector<AnnealStage> default_stages(bool slice = true);
/// One kernel, at the same exponents as default_stages up to `highest`.
std::vector<AnnealStage> stages_of(const KernelSpec& kernel, double highest);

struct AnnealConfig {
  std::vector<AnnealStage> stages = default_stages();
  int chains = 4;
  // passes through all stages; every pass after the first is a reheating
  int cycles = std::numeric_limits<int>::max();
  std::uint64_t seed = 0;
  std::function<void(const Reply& best)> progress{};  // after the start and each step
};
struct AnnealResult {
  // the best reply that each chain has visited, most likely first, without repetitions
  std::vector<Reply> replies{};
  std::int64_t steps = 0;  // of all chains together
};
/// Runs chains from `starts` in turn, or from draws where none of the starts is a reply of the law;
/// all chains are one batch. The result is no worse than the best start. Without a budget `cycles`
/// must be finite. Errors: kInvalid (no chain, no stage, fewer than 0 steps), those of
/// KernelSpec::make and the density.
Result<AnnealResult> anneal(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                            const AnnealConfig&, std::span<const Reply> starts, const Budget&);

}  // namespace ponder
