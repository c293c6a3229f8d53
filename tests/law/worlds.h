// Random small worlds for laws of kernels: all targets, end tokens, minimum lengths, masks,
// exponents and terms.
#pragma once

#include <random>

#include "transition.h"

namespace ponder::test {

struct WorldLimits {
  int max_vocab = 4, max_horizon = 3;
  std::size_t max_replies = 40;
};

inline WorldConfig random_world(std::mt19937& rng, const WorldLimits& limits = {}) {
  const auto below = [&rng](int n) { return static_cast<int>(rng() % static_cast<unsigned>(n)); };
  WorldConfig c;
  c.table.n_vocab = 2 + below(limits.max_vocab - 1);
  c.table.end_tokens = {0};
  if (c.table.n_vocab > 3 && below(2)) c.table.end_tokens.push_back(3);
  c.table.seed = rng();
  c.table.peak = 0.5 + below(20) / 10.;
  c.law.target = static_cast<Target>(below(3));
  c.law.horizon = 1 + below(limits.max_horizon);
  if (below(3) == 0) c.law.min_length = below(c.law.horizon + 1);
  if (c.table.n_vocab > 3 && below(3) == 0) c.law.allowed = {0, 1, 2};
  c.replicas[0].alpha = std::vector<double>{0.5, 1, 2, 4}[below(4)];
  c.term = below(2);
  c.forbids = c.term && below(2);
  if (c.term) c.replicas[0].beta = {0.7};
  return c;
}

struct Worst {
  double invariance = 0, balance = 0, rows = 0;
  double moves = 0;  // mean probability of a change
  int worlds = 0;
};

/// Calls make(energy) for the kernel of each of n random worlds and returns the worst figures.
template <class F>
Worst law_of(int n, const F& make, const WorldLimits& limits = {}, bool reversible = true) {
  std::mt19937 rng(7);
  Worst worst;
  while (worst.worlds < n) {
    const WorldConfig c = random_world(rng, limits);
    World w(c);
    if (w.replies.size() < 2 || w.replies.size() > limits.max_replies) continue;
    const std::vector<double> pi = w.target();
    if (std::count_if(pi.begin(), pi.end(), [](double p) { return p > 0; }) < 2) continue;
    const std::unique_ptr<Kernel> kernel = make(w.energy);
    const Transitions t = transitions(w, *kernel);
    if (testing::Test::HasFatalFailure()) return worst;
    ++worst.worlds;
    worst.invariance = std::max(worst.invariance, t.invariance());
    worst.rows = std::max(worst.rows, t.row_error());
    if (reversible) worst.balance = std::max(worst.balance, t.detailed_balance());
    worst.moves += t.moves() / n;
  }
  return worst;
}

inline void report(const std::string& what, const Worst& w) {
  EXPECT_LT(w.invariance, 1e-12) << what;
  EXPECT_LT(w.balance, 1e-12) << what;
  EXPECT_LT(w.rows, 1e-12) << what;
  EXPECT_GT(w.moves, 0.05) << what;
  std::printf("%-42s worlds %3d  |piP-pi| %.1e  balance %.1e  P(change) %.3f\n", what.c_str(),
              w.worlds, w.invariance, w.balance, w.moves);
}

/// Tests that the kernel of a specification leaves each target of n random worlds unchanged, up to
/// rounding, and moves.
inline void expect_exact(const std::string& spec, int n, const WorldLimits& limits = {},
                         bool reversible = true) {
  const auto make = [&](const Energy& e) {
    auto k = make_kernel(spec, e);
    EXPECT_TRUE(k.ok()) << (k.ok() ? "" : k.error().message());
    return std::move(*k);
  };
  report(spec, law_of(n, make, limits, reversible));
}

}  // namespace ponder::test
