// One swarm a chain, multinomial resampling; the new reply is one of the particles, by weight.
#include "mcmc/csmc.h"

namespace ponder {
namespace {

std::vector<int> ancestors(const Swarm& s) {
  std::vector<int> from{0};  // the pinned particle is its own ancestor
  while (from.size() < s.states.size()) {
    const int k = s.choices->categorical(s.log_weights);
    from.push_back(k < 0 ? 0 : k);
  }
  return from;
}

}  // namespace

Status CsmcKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                        std::span<StepInfo> infos) const {
  std::vector<Swarm> swarms;
  for (std::size_t c = 0; c < chains.size(); ++c)
    swarms.push_back(make_swarm(energy_, config_, chains[c].replica, choices[c], &chains[c]));
  PONDER_TRY(run_swarms(energy_, config_, ancestors, swarms));
  for (std::size_t c = 0; c < chains.size(); ++c) {
    const int k = choices[c]->categorical(swarms[c].log_weights);
    infos[c] = {.numeric = k < 0, .position = 0, .n_proposed = config_.n - 1};
    if (k < 0) continue;
    infos[c].accepted = swarms[c].states[k].tokens != chains[c].tokens;
    chains[c] = std::move(swarms[c].states[k]);
  }
  return {};
}

}  // namespace ponder
