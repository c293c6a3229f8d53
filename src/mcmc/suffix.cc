// One batch decodes all tries of all chains; each chain then picks among its own.
#include "mcmc/suffix.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

// Can the weight of a reply be bounded before its end? Where q is that of the target, without terms: then it is
// exp(sum lZ) / W.
bool SuffixKernel::bounded(const ChainState& x) const {
  const std::vector<double>& beta = energy_.replicas()[x.replica].beta;
  return config_.early && exponent(x) == energy_.alpha(x) &&
         std::all_of(beta.begin(), beta.end(), [](double b) { return b == 0; });
}

// The most that log_cut_weight can become: W only grows, and no row adds more than (1 - alpha) log V, or nothing.
double SuffixKernel::log_bound(const ChainState& y, int cut) const {
  constexpr double kRounding = 1e-5;  // nats: of lZ in single precision
  const double alpha = energy_.alpha(y), most = std::max(0., (1 - alpha) * std::log(energy_.density().n_vocab()));
  const ReplyLaw& law = energy_.law();
  const int left = law.closes(y.n() - 1, y.tokens.back()) ? 0 : law.horizon() - y.n();
  double sum = left * (most + kRounding);
  for (int t = cut; t < y.n(); ++t) sum += y.lz[t];
  return sum - log_sum_exp(log_cut_weights(y));
}

Status SuffixKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                          std::span<StepInfo> infos) const {
  std::vector<double> exponents;
  for (const ChainState& s : chains) exponents.push_back(exponent(s));
  PONDER_TRY(energy_.add_rows(chains, exponents, config_.cut == SuffixConfig::Cut::kEntropy));

  const std::size_t n_tries = config_.tries;
  std::vector<Draft> drafts;
  std::vector<double> present;  // weights of the present replies
  for (std::size_t c = 0; c < chains.size(); ++c) {
    infos[c] = {.position = choices[c]->categorical(log_cut_weights(chains[c])), .n_proposed = config_.tries};
    if (infos[c].position < 0) infos[c].numeric = true, infos[c].position = 0;
    for (std::size_t j = 0; j < n_tries; ++j)
      drafts.push_back({&chains[c], infos[c].position, exponents[c], choices[c], chains[c].replica});
    present.push_back(log_cut_weight(chains[c], infos[c].position));
  }
  // The decision is made in stages: a ratio that is at most b is accepted with probability exp(b) at most, and what is
  // left of it once that was survived.
  std::vector<double> survived(chains.size(), 0);
  std::vector<bool> refused(chains.size(), false);
  const Drop refuse = [&](std::span<const ChainState> drawn, std::vector<bool>& dropped) {
    for (std::size_t c = 0; c < chains.size(); ++c) {
      if (refused[c] || !bounded(chains[c])) continue;
      std::vector<double> bounds;
      for (const ChainState& y : drawn.subspan(c * n_tries, n_tries)) bounds.push_back(log_bound(y, infos[c].position));
      const double bound = log_sum_exp(bounds) - present[c];
      if (!(bound < survived[c])) continue;
      refused[c] = !choices[c]->accept(bound - survived[c]);
      survived[c] = bound;
      if (refused[c]) std::fill_n(dropped.begin() + static_cast<std::ptrdiff_t>(c * n_tries), n_tries, true);
    }
  };
  std::vector<ChainState> tries;
  PONDER_TRY(draw_suffixes(energy_, drafts, tries, refuse));

  for (std::size_t c = 0; c < chains.size(); ++c) {
    StepInfo& info = infos[c];
    info.log_acceptance = -std::numeric_limits<double>::infinity();
    if (refused[c]) continue;
    const auto own = std::span(tries).subspan(c * n_tries, n_tries);
    std::vector<double> weights;
    for (const ChainState& y : own) weights.push_back(log_cut_weight(y, info.position));
    const int picked = choices[c]->categorical(weights);
    const double total = log_sum_exp(weights);
    info.numeric |= std::isnan(total);
    if (picked < 0 || info.numeric) continue;
    weights[picked] = present[c];  // the reverse move's tries
    info.log_acceptance = total - log_sum_exp(weights);
    info.numeric = std::isnan(info.log_acceptance);
    info.accepted = choices[c]->accept(info.log_acceptance - survived[c]);
    if (info.accepted) chains[c] = own[picked];
  }
  return {};
}

}  // namespace ponder
