// The lowest replica is refreshed first, then swaps go up the ladder, so that a fresh draw may
// climb it in one step.
#include "mcmc/exchange.h"

#include <cmath>
#include <utility>

#include "base/check.h"
#include "mcmc/draw_suffixes.h"

namespace ponder {

// Independence Metropolis from q = softmax(alpha lp) of the first replica. At alpha = 1 and without
// terms q is the model itself, and every draw that is a reply is accepted.
Status ExchangeKernel::refresh(std::span<ChainState> chains, std::span<Choices* const> choices,
                               std::span<StepInfo> infos) const {
  const std::size_t n = energy_.replicas().size();
  std::vector<Draft> drafts;
  for (std::size_t c = 0; c < chains.size(); c += n) {
    const double alpha = energy_.alpha(chains[c]);
    PONDER_TRY(energy_.add_rows(chains.subspan(c, 1), {&alpha, 1}, false));
    drafts.push_back({.exponent = alpha, .choices = choices[c]});
  }
  std::vector<ChainState> drawn;
  PONDER_TRY(draw_suffixes(energy_, drafts, drawn));
  for (std::size_t k = 0; k < drawn.size(); ++k) {
    ChainState& x = chains[k * n];
    StepInfo& info = infos[k * n];
    info.position = 0;
    info.n_proposed = 1;
    info.log_acceptance = log_weight(energy_, drawn[k], 0) - log_weight(energy_, x, 0);
    info.numeric = std::isnan(info.log_acceptance);
    info.accepted = choices[k * n]->accept(info.log_acceptance);
    if (info.accepted) x = std::move(drawn[k]);
  }
  return {};
}

void ExchangeKernel::swap(ChainState& low, ChainState& high, Choices& choices,
                          StepInfo& info) const {
  const auto u = [this](const ChainState& s, const ChainState& at) {
    return energy_.energy(s, at.replica);
  };
  info.n_proposed = 1;
  info.log_acceptance = u(low, low) + u(high, high) - u(low, high) - u(high, low);
  info.numeric = std::isnan(info.log_acceptance);
  info.accepted = choices.accept(info.log_acceptance);
  if (!info.accepted) return;
  std::swap(low, high);
  std::swap(low.replica, high.replica);
}

Status ExchangeKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                            std::span<StepInfo> infos) const {
  const std::size_t n = energy_.replicas().size();
  PONDER_CHECK(chains.size() % n == 0);
  std::fill(infos.begin(), infos.end(), StepInfo{});
  PONDER_TRY(refresh(chains, choices, infos.first(chains.size())));
  const auto swaps = infos.last(chains.size());
  for (std::size_t c = 0; c < chains.size(); ++c) {
    PONDER_CHECK(chains[c].replica == static_cast<int>(c % n));
    if (c % n + 1 < n) swap(chains[c], chains[c + 1], *choices[c], swaps[c]);
  }
  return {};
}

}  // namespace ponder
