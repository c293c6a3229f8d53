// The inner kernel moves all chains in its batches; what it accepted and changed is scored in one more.
#include "mcmc/screened.h"

#include <algorithm>
#include <cmath>

namespace ponder {

// The chains as the density that screens sees them: as the last step left them, or evaluated.
Status ScreenedKernel::screen(std::span<const ChainState> chains, std::vector<ChainState>& out) const {
  out.assign(chains.size(), {});
  std::vector<Energy::Edit> edits;
  std::vector<std::size_t> who;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    if (chains[c].screened) {
      out[c] = *chains[c].screened;
    } else {
      edits.push_back({.tail = chains[c].tokens});
      who.push_back(c);
    }
  }
  if (who.empty()) return {};
  std::vector<ChainState> states;
  PONDER_TRY(energy_.screen()->evaluate(edits, states));
  for (std::size_t i = 0; i < who.size(); ++i) out[who[i]] = std::move(states[i]);
  for (std::size_t c = 0; c < chains.size(); ++c) out[c].replica = chains[c].replica;
  return {};
}

// log of pi / pi^ of a reply, up to what all replies share.
double ScreenedKernel::log_correction(const ChainState& x, const ChainState& screened) const {
  return energy_.screen()->energy(screened) - energy_.energy(x);
}

Status ScreenedKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                            std::span<StepInfo> infos) const {
  std::vector<ChainState> screened;
  PONDER_TRY(screen(chains, screened));
  const std::vector<ChainState> present = screened;
  PONDER_TRY(inner_->step(screened, choices, infos));

  std::vector<Energy::Edit> edits;
  std::vector<std::size_t> who;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    const std::vector<Token>&x = chains[c].tokens, &y = screened[c].tokens;
    if (x == y) continue;
    const auto [differ, at] = std::mismatch(x.begin(), x.end(), y.begin(), y.end());
    edits.push_back({&chains[c], static_cast<int>(differ - x.begin()), {at, y.end()}});
    who.push_back(c);
  }
  std::vector<ChainState> moved;
  if (!edits.empty()) PONDER_TRY(energy_.evaluate(edits, moved));
  for (std::size_t i = 0; i < who.size(); ++i) {
    const std::size_t c = who[i];
    const double log_ratio = log_correction(moved[i], screened[c]) - log_correction(chains[c], present[c]);
    infos[c].numeric |= std::isnan(log_ratio);
    infos[c].log_acceptance = std::min(infos[c].log_acceptance, 0.) + log_ratio;
    infos[c].accepted = choices[c]->accept(log_ratio);
    if (infos[c].accepted) {
      chains[c] = std::move(moved[i]);
    } else {
      screened[c] = present[c];
    }
  }
  for (std::size_t c = 0; c < chains.size(); ++c)
    chains[c].screened = std::make_shared<const ChainState>(std::move(screened[c]));
  return {};
}

}  // namespace ponder
