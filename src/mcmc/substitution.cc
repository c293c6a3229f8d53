// The scores of all chains, the new replies, and their scores are one batch each; scores of replies
// that did not change are kept.
#include "mcmc/substitution.h"

#include <algorithm>
#include <cmath>

namespace ponder {

Status SubstitutionKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                                std::span<StepInfo> infos) const {
  const auto scores = [this](auto missing, auto& out) {
    return site_scores(energy_, missing, gradient_, out);
  };
  std::vector<std::size_t> indices;
  std::vector<const ChainState*> from;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    infos[c] = {};
    if (n_sites(energy_, chains[c].tokens) == 0) continue;
    indices.push_back(c);
    from.push_back(&chains[c]);
  }
  PONDER_TRY(scores_.add(from, scores));

  std::vector<Proposal> proposals;
  std::vector<Energy::Edit> edits;
  std::vector<std::size_t> movers;
  for (std::size_t k = 0; k < indices.size(); ++k) {
    StepInfo& info = infos[indices[k]];
    const SiteScores& there = scores_.of(*from[k]);
    info.numeric = !there.finite;
    if (info.numeric) continue;
    Proposal p = propose(there, from[k]->tokens, *choices[indices[k]]);
    const auto first =
        std::mismatch(p.tokens.begin(), p.tokens.end(), from[k]->tokens.begin()).first;
    info.n_proposed = 1;
    if (first == p.tokens.end()) continue;  // the same reply
    info.position = static_cast<int>(first - p.tokens.begin());
    edits.push_back({from[k], info.position, {first, p.tokens.end()}});
    proposals.push_back(std::move(p));
    movers.push_back(indices[k]);
  }
  std::vector<ChainState> replies;
  PONDER_TRY(energy_.evaluate(edits, replies));
  std::vector<const ChainState*> to;
  for (const ChainState& y : replies) to.push_back(&y);
  PONDER_TRY(scores_.add(to, scores));
  for (std::size_t k = 0; k < movers.size(); ++k) {
    const std::size_t c = movers[k];
    StepInfo& info = infos[c];
    const SiteScores& back = scores_.of(replies[k]);
    info.log_acceptance = back.finite ? energy_.energy(chains[c]) - energy_.energy(replies[k]) +
                                            log_reverse(back, proposals[k], chains[c].tokens) -
                                            proposals[k].log_q
                                      : NAN;
    info.numeric = std::isnan(info.log_acceptance);
    info.accepted = choices[c]->accept(info.log_acceptance);
    if (info.accepted) chains[c] = std::move(replies[k]);
  }
  scores_.keep(chains);
  return {};
}

}  // namespace ponder
