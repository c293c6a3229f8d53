// A replacement is drawn among all positions not yet on the path and all their other tokens; the
// reverse path takes the same positions in the opposite order.
#include "mcmc/pafs.h"

#include <algorithm>
#include <cmath>

#include "base/log_sum_exp.h"

namespace ponder {
namespace {

// Scores of a position with the present token left out, (n_vocab).
std::vector<double> others(std::span<const float> s, Token now) {
  std::vector<double> w(s.begin(), s.end());
  w[now] = -INFINITY;
  return w;
}

// log of the sum of exp s over all other tokens of each position.
std::vector<double> totals(const SiteScores& sites, std::span<const Token> x) {
  std::vector<double> z;
  for (int i = 0; i < sites.n_sites; ++i) z.push_back(log_sum_exp(others(sites.at(i), x[i])));
  return z;
}

}  // namespace

std::vector<StepSize> PafsKernel::step_sizes() {
  if (!config_.tune) return {};
  return {{.move = 0, .name = "length", .value = &config_.length}};
}

SubstitutionKernel::Proposal PafsKernel::propose(const SiteScores& sites, std::span<const Token> x,
                                                 Choices& choices) const {
  Proposal p{.tokens = {x.begin(), x.end()}};
  const double length = std::max(config_.length, 1.), whole = std::floor(length);
  int n = static_cast<int>(std::min<double>(whole, sites.n_sites));
  if (length > whole && choices.accept(std::log(length - whole)))
    n = std::min(n + 1, sites.n_sites);
  std::vector<double> z = totals(sites, x);
  for (int k = 0; k < n; ++k) {
    const double normaliser = log_sum_exp(z);
    const int i = choices.categorical(z);
    if (i < 0) break;  // no position has another token
    p.tokens[i] = choices.categorical(others(sites.at(i), x[i]));
    p.log_q += sites.at(i)[p.tokens[i]] - normaliser;
    p.path.push_back(i);
    z[i] = -INFINITY;
  }
  return p;
}

double PafsKernel::log_reverse(const SiteScores& sites, const Proposal& p,
                               std::span<const Token> x) const {
  std::vector<double> z = totals(sites, p.tokens);
  double log_q = 0;
  for (auto i = p.path.rbegin(); i != p.path.rend(); ++i) {
    log_q += sites.at(*i)[x[*i]] - log_sum_exp(z);
    z[*i] = -INFINITY;
  }
  return log_q;
}

}  // namespace ponder
