// Scores of all chains, proposals, new replies, their scores: each one batch.
#include "mcmc/substitution.h"

#include <algorithm>
#include <cmath>

namespace ponder {

Status SubstitutionKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                                std::span<StepInfo> infos) const {
  std::vector<std::size_t> who;
  std::vector<const ChainState*> from;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    infos[c] = {};
    if (n_sites(energy_, chains[c].tokens) == 0) continue;
    who.push_back(c);
    from.push_back(&chains[c]);
  }
  std::vector<SiteScores> there, back;
  PONDER_TRY(site_scores(energy_, from, gradient_, there));

  std::vector<Proposal> proposals;
  std::vector<Energy::Edit> edits;
  std::vector<std::size_t> movers;
  for (std::size_t k = 0; k < who.size(); ++k) {
    StepInfo& info = infos[who[k]];
    info.numeric = !there[k].finite;
    if (info.numeric) continue;
    Proposal p = propose(there[k], from[k]->tokens, *choices[who[k]]);
    const auto first = std::mismatch(p.tokens.begin(), p.tokens.end(), from[k]->tokens.begin()).first;
    info.n_proposed = 1;
    if (first == p.tokens.end()) continue;  // the same reply
    info.position = static_cast<int>(first - p.tokens.begin());
    edits.push_back({from[k], info.position, {first, p.tokens.end()}});
    proposals.push_back(std::move(p));
    movers.push_back(who[k]);
  }
  std::vector<ChainState> replies;
  PONDER_TRY(energy_.evaluate(edits, replies));
  std::vector<const ChainState*> to;
  for (const ChainState& y : replies) to.push_back(&y);
  PONDER_TRY(site_scores(energy_, to, gradient_, back));
  for (std::size_t k = 0; k < movers.size(); ++k) {
    const std::size_t c = movers[k];
    StepInfo& info = infos[c];
    info.log_acceptance = back[k].finite ? energy_.energy(chains[c]) - energy_.energy(replies[k]) +
                                               log_reverse(back[k], proposals[k], chains[c].tokens) - proposals[k].log_q
                                         : NAN;
    info.numeric = std::isnan(info.log_acceptance);
    info.accepted = choices[c]->accept(info.log_acceptance);
    if (info.accepted) chains[c] = std::move(replies[k]);
  }
  return {};
}

}  // namespace ponder
