// Starts of chains: ancestral draws of the replica's own q and, in turn, of the model itself, until each is a reply
// that its target allows. Of a high exponent some prompts never end within the horizon, and any start will do.
#include <algorithm>
#include <cmath>
#include <string>

#include "mcmc/draw_suffixes.h"
#include "ponder/kernel.h"

namespace ponder {

Status draw_starts(const Energy& e, std::span<Choices* const> choices, int tries, std::span<ChainState> chains) {
  std::vector<std::size_t> open;
  for (std::size_t c = 0; c < chains.size(); ++c) open.push_back(c);
  for (int k = 0; k < tries && !open.empty(); ++k) {
    std::vector<Draft> drafts;
    for (std::size_t c : open) {
      const double alpha = e.alpha(chains[c]);
      drafts.push_back(
          {.exponent = k % 2 ? std::min(alpha, 1.) : alpha, .choices = choices[c], .replica = chains[c].replica});
    }
    std::vector<ChainState> drawn;
    PONDER_TRY(draw_suffixes(e, drafts, drawn));
    std::vector<std::size_t> failed;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (std::isfinite(e.energy(drawn[i])))
        chains[open[i]] = std::move(drawn[i]);
      else
        failed.push_back(open[i]);
    }
    open = std::move(failed);
  }
  if (open.empty()) return {};
  return Error{Code::kNumeric, "a start that the target allows for every chain",
               "none in " + std::to_string(tries) + " draws for " + std::to_string(open.size()) + " of " +
                   std::to_string(chains.size()),
               "starts of chains", "allow longer replies, or relax the terms that forbid some"};
}

}  // namespace ponder
