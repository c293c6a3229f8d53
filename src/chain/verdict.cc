// The verdict on a trace, in words: the thresholds of Vehtari et al. 2021.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ponder/chains.h"
#include "ponder/diagnostics.h"

namespace ponder {
namespace {

constexpr double kRhat = 1.01, kEssOfAChain = 100;

bool all_equal(ChainDraws x) {
  return std::all_of(x.begin(), x.end(), [&](const std::vector<double>& chain) {
    return std::all_of(chain.begin(), chain.end(), [&](double v) { return v == x[0][0]; });
  });
}

}  // namespace

Verdict judge(const Trace& t) {
  const std::size_t n_chains = t.replies.size(), n_draws = n_chains ? t.replies[0].size() : 0;
  if (n_chains < 2) return {false, "one chain cannot tell whether it is stuck", "run several"};
  if (n_draws < 4) return {false, fmt::format("{} draws a chain are too few to judge", n_draws), "draw more", 250};
  std::vector<std::vector<double>> lengths(n_chains);
  for (std::size_t c = 0; c < n_chains; ++c)
    for (const auto& reply : t.replies[c]) lengths[c].push_back(static_cast<double>(reply.size()));
  double worst_rhat = 0, least_ess = INFINITY;
  std::string of_rhat, of_ess;
  std::vector<std::pair<std::string, ChainDraws>> judged{{"logprob", t.posterior[0].chains}, {"length", lengths}};
  for (const Column& c : t.sample_stats)
    if (c.name == "energy") judged.emplace_back(c.name, c.chains);  // where terms count
  for (const auto& [name, draws] : judged) {
    if (all_equal(draws)) continue;  // nothing moves: no number can tell a point mass from chains that are all stuck
    const double r = rhat(draws), bulk = ess_bulk(draws), tail = ess_tail(draws);
    if (!(r <= worst_rhat)) worst_rhat = r, of_rhat = name;
    if (!(bulk >= least_ess)) least_ess = bulk, of_ess = "bulk ESS of " + name;
    if (!(tail >= least_ess)) least_ess = tail, of_ess = "tail ESS of " + name;
  }
  if (of_rhat.empty())
    return {false, "all draws are alike", "lower alpha, or take another kernel, to see whether the chains can move"};
  const double wanted = kEssOfAChain * static_cast<double>(n_chains);
  const double lacking = std::isfinite(least_ess) && least_ess > 0 ? std::min(wanted / least_ess, 100.) : 100;
  const int times = std::max(static_cast<int>(std::ceil(lacking)), 2);
  const auto too_few = [&](std::string reason) {
    return Verdict{false, std::move(reason), fmt::format("draw {} times as many", times),
                   times * static_cast<int>(n_draws)};
  };
  if (!(worst_rhat <= kRhat))
    return too_few(
        fmt::format("R-hat of {} is {:.3f}, above {}: the chains do not agree yet", of_rhat, worst_rhat, kRhat));
  if (!(least_ess >= wanted)) return too_few(fmt::format("{} is {:.0f}, below {:.0f}", of_ess, least_ess, wanted));
  return {true, fmt::format("R-hat at most {:.3f}, ESS at least {:.0f}", worst_rhat, least_ess), ""};
}

}  // namespace ponder
