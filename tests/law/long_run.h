// The law of kernels whose choices cannot be enumerated: many chains that start from the target
// must stay in it. Counts of states are compared with the enumerated target, by the spread between
// chains. docs/methods.md#long-runs.
#pragma once

#include "mcmc/hmc_token.h"
#include "worlds.h"

namespace ponder::test {

// Alpha above and below 1, all targets, terms that forbid, masks.
inline std::vector<WorldConfig> worlds() {
  std::vector<WorldConfig> all;
  all.push_back({.table = {.n_vocab = 4, .seed = 3, .peak = 0.4},
                 .law = {.horizon = 3, .min_length = 2},
                 .replicas = {{3}}});
  all.push_back({.table = {.n_vocab = 4, .end_tokens = {0, 3}, .seed = 2, .peak = 1},
                 .law = {.target = Target::kTruncated, .horizon = 3},
                 .replicas = {{0.5, {0.7}}},
                 .term = true,
                 .forbids = true});
  all.push_back({.table = {.n_vocab = 3, .seed = 3, .peak = 1},
                 .law = {.target = Target::kFixed, .horizon = 3},
                 .replicas = {{2, {0.5}}},
                 .term = true});
  all.push_back(
      {.table = {.n_vocab = 4, .seed = 4, .peak = 0.7},
       .law = {.target = Target::kTruncated, .horizon = 3, .min_length = 2, .allowed = {0, 1, 3}},
       .replicas = {{2}}});
  return all;
}

struct LongRun {
  // total variation to the target, and its mean for an exact kernel
  double tv = 0, floor = 0;
  // of Hotelling's T^2 of the mean occupancies: nearly standard normal for an exact kernel
  double z = 0;
  double accepted = 0, changed = 0;  // shares of moves
  int numeric = 0;  // moves refused because of a NaN, or of a lift that did not decode to its reply
  int states = 0;
};

/// Solves C x = b by Cholesky; C is symmetric and positive, (k, k) with k = b.size().
inline std::vector<double> solve(std::vector<double> c, std::vector<double> b) {
  const std::size_t k = b.size();
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = c[i * k + j];
      for (std::size_t l = 0; l < j; ++l) sum -= c[i * k + l] * c[j * k + l];
      c[i * k + j] = i == j ? std::sqrt(sum) : sum / c[j * k + j];
    }
    for (std::size_t l = 0; l < i; ++l) b[i] -= c[i * k + l] * b[l];
    b[i] /= c[i * k + i];
  }
  for (std::size_t i = k; i-- > 0;) {
    for (std::size_t l = i + 1; l < k; ++l) b[i] -= c[l * k + i] * b[l];
    b[i] /= c[i * k + i];
  }
  return b;
}

/// occupancy (n_chains, n_states): shares of a chain's steps. States that few chains can have seen
/// share a cell; one cell is left out, since the cells sum to 1.
inline void compare(const std::vector<std::vector<double>>& occupancy,
                    const std::vector<double>& pi, int n_steps, LongRun& out) {
  const std::size_t n = occupancy.size(), n_states = pi.size();
  std::vector<double> mean(n_states), square(n_states);
  for (const auto& o : occupancy)
    for (std::size_t s = 0; s < n_states; ++s) {
      mean[s] += o[s] / static_cast<double>(n);
      square[s] += o[s] * o[s] / static_cast<double>(n);
    }
  std::vector<std::size_t> cells;
  for (std::size_t s = 0; s < n_states; ++s) {
    const double error =
        std::sqrt(std::max(0., square[s] - mean[s] * mean[s]) / static_cast<double>(n));
    out.tv += std::abs(mean[s] - pi[s]) / 2;
    out.floor += error * std::sqrt(2 / M_PI) / 2;
    out.states += pi[s] > 0;
    if (pi[s] * static_cast<double>(n) * std::sqrt(n_steps) > 100) cells.push_back(s);
  }
  if (cells.size() == static_cast<std::size_t>(out.states)) cells.pop_back();
  const std::size_t k = cells.size();
  std::vector<double> covariance(k * k), off(k);
  for (std::size_t i = 0; i < k; ++i) {
    off[i] = mean[cells[i]] - pi[cells[i]];
    for (std::size_t j = 0; j < k; ++j) {
      double sum = 0;
      for (const auto& o : occupancy)
        sum += (o[cells[i]] - mean[cells[i]]) * (o[cells[j]] - mean[cells[j]]);
      covariance[i * k + j] = sum / static_cast<double>(n * (n - 1));  // of the mean
    }
  }
  const std::vector<double> x = solve(covariance, off);
  double t2 = 0;
  for (std::size_t i = 0; i < k; ++i) t2 += off[i] * x[i];
  out.z = (t2 - static_cast<double>(k)) / std::sqrt(2. * static_cast<double>(k));
}

/// Runs n_chains chains of n_steps steps from draws of pi.
inline LongRun long_run(const World& w, const Kernel& kernel, int n_chains, int n_steps,
                        std::uint64_t seed, const std::vector<double>& pi) {
  std::vector<ChainState> known, chains;
  for (const Reply& r : w.replies) known.push_back(w.state(r.tokens));
  std::mt19937_64 rng(seed);
  std::discrete_distribution<int> start(pi.begin(), pi.end());
  for (int c = 0; c < n_chains; ++c) chains.push_back(known[start(rng)]);
  std::vector<std::vector<double>> occupancy(n_chains, std::vector<double>(pi.size()));
  LongRun out;
  const auto n_moves = static_cast<double>(n_steps) * n_chains;
  std::vector<StepInfo> infos(kernel.moves().size() * n_chains);
  for (int step = 0; step < n_steps; ++step) {
    const StepChoices choices(seed, n_chains, static_cast<std::uint32_t>(step));
    std::vector<int> before;
    for (const ChainState& s : chains) before.push_back(w.index.at(s.tokens));
    const Status status = kernel.step(chains, choices.all(), infos);
    EXPECT_TRUE(status.ok()) << status.error().message();
    for (int c = 0; c < n_chains; ++c) {
      if (step == n_steps - 1 && c < 20) expect_coherent(w, chains[c]);
      const int now = w.index.at(chains[c].tokens);
      occupancy[c][now] += 1. / n_steps;
      out.changed += (now != before[c]) / n_moves;
      out.accepted += infos[c].accepted / n_moves;
    }
    for (const StepInfo& i : infos) out.numeric += i.numeric;
  }
  compare(occupancy, pi, n_steps, out);
  return out;
}

/// False for a kernel that is not exact or does not move, and for about one in 800 exact kernels,
/// since T^2 is skewed with few cells.
inline bool looks_exact(const LongRun& r) {
  return std::abs(r.z) < 4.5 && r.tv < 2 * r.floor && r.changed > 0.02;
}
inline void report(const std::string& what, const LongRun& r) {
  std::printf(
      "%-44s states %2d  z = %.2f  TV %.4f floor %.4f  accepted %.3f  changed %.3f  numeric %d\n",
      what.c_str(), r.states, r.z, r.tv, r.floor, r.accepted, r.changed, r.numeric);
}

/// Tests a kernel, given by its settings, on all worlds. Kernels with constant lists are tested on
/// the replies in their lists.
inline void expect_exact_in_long_runs(const std::string& spec, int n_chains, int n_steps) {
  std::uint64_t seed = 11;
  for (const WorldConfig& c : worlds()) {
    const World w(c);
    const auto kernel = std::move(*make_kernel(spec, w.energy));
    std::vector<double> pi = w.target();
    if (const auto* lists = dynamic_cast<const HmcTokenKernel*>(kernel.get())) {
      double sum = 0;
      for (std::size_t i = 0; i < pi.size(); ++i) sum += pi[i] *= lists->holds(w.replies[i].tokens);
      for (double& p : pi) p /= sum;
    }
    LongRun r = long_run(w, *kernel, n_chains, n_steps, seed++, pi);
    report(spec, r);
    if (!looks_exact(r)) {  // chance or a fault: a run with four times the chains and another seed
                            // decides
      constexpr std::uint64_t kOther = 1000;
      r = long_run(w, *kernel, 4 * n_chains, n_steps, seed + kOther, pi);
      report(spec + " again", r);
    }
    ASSERT_TRUE(looks_exact(r)) << spec;
    EXPECT_LE(r.floor, 0.02);
    EXPECT_LE(r.numeric, n_chains * n_steps / 10000);
  }
}

}  // namespace ponder::test
