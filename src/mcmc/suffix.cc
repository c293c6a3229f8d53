// One batch decodes all tries of all chains; each chain then picks among its own.
#include "mcmc/suffix.h"

#include <cmath>

#include "base/log_sum_exp.h"
#include "mcmc/draw_suffixes.h"

namespace ponder {

double SuffixKernel::exponent(const ChainState& s) const {
  return config_.temperature ? 1 / *config_.temperature : energy_.alpha(s);
}

// log w[t] of every token, the end token too: else an empty reply could be neither reached nor left.
std::vector<double> SuffixKernel::log_cut_weights(const ChainState& s) const {
  std::vector<double> w(s.tokens.size(), 0.);
  if (config_.cut == SuffixConfig::Cut::kEntropy)
    for (std::size_t t = 0; t < w.size(); ++t) w[t] = std::log(config_.entropy_floor + s.entropy[t] * s.entropy[t]);
  return w;
}

// log of pi(y) / [q(y[cut:] | y[:cut]) W(y)], up to what all y with the same y[:cut] share.
double SuffixKernel::log_cut_weight(const ChainState& y, int cut) const {
  const double log_ratio = log_weight(energy_, y, cut);
  return log_ratio - log_sum_exp(log_cut_weights(y));
}

Status SuffixKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                          std::span<StepInfo> infos) const {
  std::vector<double> exponents;
  for (const ChainState& s : chains) exponents.push_back(exponent(s));
  PONDER_TRY(energy_.add_rows(chains, exponents, config_.cut == SuffixConfig::Cut::kEntropy));

  std::vector<Draft> drafts;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    infos[c] = {.position = choices[c]->categorical(log_cut_weights(chains[c])), .n_proposed = config_.tries};
    if (infos[c].position < 0) infos[c].numeric = true, infos[c].position = 0;
    for (int j = 0; j < config_.tries; ++j)
      drafts.push_back({&chains[c], infos[c].position, exponents[c], choices[c], chains[c].replica});
  }
  std::vector<ChainState> tries;
  PONDER_TRY(draw_suffixes(energy_, drafts, tries));

  for (std::size_t c = 0; c < chains.size(); ++c) {
    StepInfo& info = infos[c];
    const auto own = std::span(tries).subspan(c * config_.tries, config_.tries);
    std::vector<double> weights;
    for (const ChainState& y : own) weights.push_back(log_cut_weight(y, info.position));
    const int picked = choices[c]->categorical(weights);
    const double total = log_sum_exp(weights);
    info.log_acceptance = total;
    info.numeric |= std::isnan(total);
    if (picked < 0 || info.numeric) continue;
    weights[picked] = log_cut_weight(chains[c], info.position);  // the reverse move's tries
    info.log_acceptance = total - log_sum_exp(weights);
    info.numeric = std::isnan(info.log_acceptance);
    info.accepted = choices[c]->accept(info.log_acceptance);
    if (info.accepted) chains[c] = own[picked];
  }
  return {};
}

}  // namespace ponder
