// The proposal is a product of one law a position.
#include "mcmc/dmala.h"

#include <algorithm>
#include <cmath>

#include "base/log_sum_exp.h"

namespace ponder {

std::vector<StepSize> DmalaKernel::step_sizes() {
  if (!config_.tune) return {};
  return {{.move = 0, .name = "step", .value = &config_.step}};
}

// log [(1 - eps) softmax_v(s(v) - [v != now] / (2 step)) + eps / n_content], (n_vocab).
std::vector<double> DmalaKernel::log_q(std::span<const float> s, Token now) const {
  std::vector<double> q(s.begin(), s.end());
  for (double& w : q) w -= 1 / (2 * config_.step);
  q[now] = s[now];
  const double lse = log_sum_exp(q);
  const auto n_content = std::count_if(s.begin(), s.end(), [](float w) { return w > -INFINITY; });
  for (double& w : q)
    if (w > -INFINITY)
      w = std::log((1 - config_.uniform) * std::exp(w - lse) +
                   config_.uniform / static_cast<double>(n_content));
  return q;
}

SubstitutionKernel::Proposal DmalaKernel::propose(const SiteScores& sites, std::span<const Token> x,
                                                  Choices& choices) const {
  Proposal p{.tokens = {x.begin(), x.end()}};
  for (int i = 0; i < sites.n_sites; ++i) {
    const std::vector<double> q = log_q(sites.at(i), x[i]);
    p.tokens[i] = choices.categorical(q);
    p.log_q += q[p.tokens[i]];
  }
  return p;
}

double DmalaKernel::log_reverse(const SiteScores& sites, const Proposal& p,
                                std::span<const Token> x) const {
  double sum = 0;
  for (int i = 0; i < sites.n_sites; ++i) sum += log_q(sites.at(i), p.tokens[i])[x[i]];
  return sum;
}

}  // namespace ponder
