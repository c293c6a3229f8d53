// The verdict on a trace, in words: the thresholds of Vehtari et al. 2021, and whether chains move
// at all. The names of a program's flags are the caller's business.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "ponder/chains/chains.h"
#include "ponder/chains/diagnostics.h"

namespace ponder {
namespace {

constexpr double kRhat = 1.01, kEssOfAChain = 100;
// below it neither an estimate of the ESS nor the number of missing draws means anything
constexpr double kNoEssOfAChain = 5;
constexpr std::size_t kSeveral = 20,
                      // draws a chain that are needed to say that it stands still, or that it is
                      // slow
    kMany = 100;
constexpr const char* kOtherMoves =
    "take another kernel or other settings, a lower alpha, or replicas that swap";

bool all_equal(ChainDraws x) {
  return std::all_of(x.begin(), x.end(), [&](const std::vector<double>& chain) {
    return std::all_of(chain.begin(), chain.end(), [&](double v) { return v == x[0][0]; });
  });
}

// Share of a chain's proposals that were accepted; NaN where the trace has no such column.
double acceptance(const Trace& t, std::size_t chain) {
  for (const Column& c : t.sample_stats)
    if (c.name == "acceptance_rate" && !c.chains[chain].empty())
      return std::accumulate(c.chains[chain].begin(), c.chains[chain].end(), 0.) /
             static_cast<double>(c.chains[chain].size());
  return NAN;
}

bool same_state(const Trace& t, std::size_t c, std::size_t d, std::size_t e) {
  const auto& logprob = t.posterior[0].chains;
  return t.replies[c][0] == t.replies[d][e] && logprob[c][0] == logprob[d][e];
}
bool is_still(const Trace& t, std::size_t c) {
  for (std::size_t d = 1; d < t.replies[c].size(); ++d)
    if (!same_state(t, c, c, d)) return false;
  return true;
}

// Finds chains with one reply in all their draws that have accepted nothing, or while other chains
// stand still at other replies. Any other chain that stands still may be at the law's only likely
// reply, unless it disagrees with the others.
std::vector<int> stuck_chains(const Trace& t, bool disagree) {
  const std::size_t n_chains = t.replies.size(), n_draws = t.replies[0].size();
  std::vector<std::size_t> still;
  for (std::size_t c = 0; c < n_chains; ++c)
    if (is_still(t, c)) still.push_back(c);
  std::vector<int> stuck;
  for (const std::size_t c : still) {
    const bool refuses_all = acceptance(t, c) == 0;
    const bool elsewhere =
        std::any_of(still.begin(), still.end(), [&](auto o) { return !same_state(t, c, o, 0); });
    if (elsewhere || (n_draws >= kSeveral && disagree) ||
        (refuses_all && (disagree || n_draws >= kSeveral)))
      stuck.push_back(static_cast<int>(c));
  }
  return stuck;
}

Verdict do_not_move(const Trace& t, std::vector<int> stuck) {
  constexpr std::size_t kNamed = 4;
  std::string which;
  for (std::size_t k = 0; k < std::min(stuck.size(), kNamed); ++k) {
    const double share = acceptance(t, stuck[k]);
    which += fmt::format("{} chain {}", k ? "," : "", stuck[k]);
    if (std::isfinite(share)) which += fmt::format(" ({:.3g} % accepted)", 100 * share);
  }
  Verdict v{false,
            fmt::format("{} of {} chains do not move, with one reply in all of {} draws:{}{}",
                        stuck.size(), t.replies.size(), t.replies[0].size(), which,
                        stuck.size() > kNamed ? " …" : ""),
            kOtherMoves};
  v.stuck = std::move(stuck);
  return v;
}

struct Worst {
  double rhat = 0, ess = INFINITY;
  std::string of_rhat{}, of_ess{};  // names of the worst columns; empty: all draws are alike
};

Worst worst_of(const Trace& t) {
  std::vector<std::vector<double>> lengths(t.replies.size());
  for (std::size_t c = 0; c < t.replies.size(); ++c)
    for (const auto& reply : t.replies[c]) lengths[c].push_back(static_cast<double>(reply.size()));
  Worst w;
  std::vector<std::pair<std::string, ChainDraws>> judged{{"logprob", t.posterior[0].chains},
                                                         {"length", lengths}};
  for (const Column& c : t.sample_stats)
    if (c.name == "energy") judged.emplace_back(c.name, c.chains);  // relevant with terms
  for (const auto& [name, draws] : judged) {
    if (all_equal(draws))
      continue;  // numbers cannot distinguish a point mass from chains that are all stuck
    const double r = rhat(draws), bulk = ess_bulk(draws), tail = ess_tail(draws);
    if (!(r <= w.rhat)) w.rhat = r, w.of_rhat = name;
    if (!(bulk >= w.ess)) w.ess = bulk, w.of_ess = "bulk ESS of " + name;
    if (!(tail >= w.ess)) w.ess = tail, w.of_ess = "tail ESS of " + name;
  }
  return w;
}

}  // namespace

Verdict judge(const Trace& t) {
  const std::size_t n_chains = t.replies.size(), n_draws = n_chains ? t.replies[0].size() : 0;
  if (n_chains < 2) return {false, "one chain cannot tell whether it is stuck", "run several"};
  if (n_draws < 4)
    return {false, fmt::format("{} draws a chain are too few to judge", n_draws), "draw more", 250};
  const Worst w = worst_of(t);
  const bool agree = w.rhat <= kRhat;
  if (auto stuck = stuck_chains(t, !agree); !stuck.empty()) return do_not_move(t, std::move(stuck));
  if (w.of_rhat.empty())
    return {false, "all draws are alike, and what is proposed leads to the same reply",
            "lower alpha, or take another kernel, to see whether the chains can move"};
  const double wanted = kEssOfAChain * static_cast<double>(n_chains);
  const std::string disagree =
      std::isfinite(w.rhat)
          ? fmt::format("R-hat of {} is {:.3f}, above {}", w.of_rhat, w.rhat, kRhat)
          : fmt::format("R-hat of {} is not finite", w.of_rhat);
  if (!std::isfinite(w.rhat) ||
      (!agree && n_draws >= kMany && !(w.ess >= kNoEssOfAChain * static_cast<double>(n_chains))))
    return {false, disagree + ": each chain stays with replies of its own", kOtherMoves};
  const double lacking = std::isfinite(w.ess) && w.ess > 0 ? std::min(wanted / w.ess, 100.) : 100;
  const int times = std::max(static_cast<int>(std::ceil(lacking)), 2);
  const auto too_few = [&](std::string reason) {
    return Verdict{false, std::move(reason), fmt::format("draw {} times as many", times),
                   times * static_cast<int>(n_draws)};
  };
  if (!agree) return too_few(disagree + ": the chains do not agree yet");
  if (!(w.ess >= wanted))
    return too_few(fmt::format("{} is {:.0f}, below {:.0f}", w.of_ess, w.ess, wanted));
  return {true, fmt::format("R-hat at most {:.3f}, ESS at least {:.0f}", w.rhat, w.ess), ""};
}

}  // namespace ponder
