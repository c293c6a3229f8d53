// The transition matrix of a shipped kernel on a table, by enumeration of its choices, compared
// with its target: |pi P - pi| and detailed balance. docs/methods.md#enumeration.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "enumerating_choices.h"
#include "gradient_table.h"
#include "law/toy/enumerate.h"
#include "ponder/chains/kernel.h"

namespace ponder::test {

/// R is an arbitrary function of the tokens; some replies are forbidden.
class HashTerm final : public Term {
 public:
  explicit HashTerm(bool forbids) : forbids_(forbids) {}
  std::string_view name() const override { return "hash"; }
  Status evaluate(std::span<const std::span<const Token>> replies, std::span<double> out) override {
    for (std::size_t i = 0; i < replies.size(); ++i) {
      std::uint32_t h = 17;
      for (Token v : replies[i])
        h = (h ^ static_cast<std::uint32_t>(v + 1)) * 2654435761u, h ^= h >> 15;
      out[i] = forbids_ && h % 5 == 0 ? -INFINITY : static_cast<double>(h % 1000) / 400;
    }
    return {};
  }

 private:
  bool forbids_;
};

struct WorldConfig {
  TableConfig table{};
  ReplyLawConfig law{};
  std::vector<Replica> replicas{{}};
  bool term = false, forbids = false;
};

struct World {
  explicit World(const WorldConfig& c)
      : density(std::make_unique<GradientTable>(c.table)),
        law(*ReplyLaw::make(c.law, c.table.n_vocab, density->end_tokens())),
        energy(make(c)),
        replies(*enumerate_replies(*density, density->root(), law)) {
    std::sort(replies.begin(), replies.end(),
              [](const Reply& a, const Reply& b) { return a.tokens < b.tokens; });
    for (const Reply& r : replies) index[r.tokens] = static_cast<int>(index.size());
  }
  Energy make(const WorldConfig& c) const {
    std::vector<std::unique_ptr<Term>> terms;
    if (c.term) terms.push_back(std::make_unique<HashTerm>(c.forbids));
    return *Energy::make(*density, density->root(), law, c.replicas, std::move(terms));
  }
  /// pi over the replies, from the enumerated log-probabilities and the definition of U.
  std::vector<double> target(int replica = 0) const {
    const Replica& r = energy.replicas()[replica];
    std::vector<double> w;
    for (const Reply& x : replies) {
      double log_pi = r.alpha * x.logprob, value = 0;
      const std::span<const Token> tokens = x.tokens;
      if (!energy.terms().empty()) {
        EXPECT_TRUE(energy.terms()[0]->evaluate({&tokens, 1}, {&value, 1}).ok());
        if (r.beta[0] != 0) log_pi += r.beta[0] * value;
      }
      w.push_back(log_pi);
    }
    const double lse = log_sum_exp(w);
    for (double& x : w) x = std::exp(x - lse);
    return w;
  }
  ChainState state(const std::vector<Token>& tokens, int replica = 0) const {
    const Energy::Edit edit{.tail = tokens};
    std::vector<ChainState> out;
    EXPECT_TRUE(energy.evaluate({&edit, 1}, out).ok());
    out[0].replica = replica;
    return out[0];
  }

  std::unique_ptr<GradientTable> density;
  ReplyLaw law;
  Energy energy;
  std::vector<Reply> replies;
  std::map<std::vector<Token>, int> index;
};

/// The state after a step must have the numbers that its tokens imply.
inline void expect_coherent(const World& w, const ChainState& got) {
  const ChainState want = w.state(got.tokens, got.replica);
  EXPECT_EQ(got.logprobs, want.logprobs);
  EXPECT_EQ(got.logprob, want.logprob);
  EXPECT_EQ(got.terms, want.terms);
  EXPECT_EQ(got.supported, want.supported);
  EXPECT_EQ(w.density->depth(got.node.get()), got.n() - 1);
  std::vector<ChainState> rows{want};
  EXPECT_TRUE(w.energy.add_rows(rows, std::vector<double>{got.lz_alpha}, true).ok());
  if (!got.lz.empty()) {
    EXPECT_EQ(got.lz, rows[0].lz);
  }
  if (!got.entropy.empty()) {
    EXPECT_EQ(got.entropy, rows[0].entropy);
  }
}

/// Rows: old state; columns: new state. With several replicas a state is their joint index, where
/// the first replica varies fastest.
struct Transitions {
  std::vector<double> pi;
  std::vector<std::vector<double>> p;

  /// sum_y |(pi P)(y) - pi(y)|
  double invariance() const {
    double sum = 0;
    for (std::size_t y = 0; y < pi.size(); ++y) {
      double to = 0;
      for (std::size_t x = 0; x < pi.size(); ++x)
        if (pi[x] > 0) to += pi[x] * p[x][y];
      sum += std::abs(to - pi[y]);
    }
    return sum;
  }
  double detailed_balance() const {
    double worst = 0;
    for (std::size_t x = 0; x < pi.size(); ++x)
      for (std::size_t y = 0; y < pi.size(); ++y)
        if (pi[x] > 0 && pi[y] > 0)
          worst = std::max(worst, std::abs(pi[x] * p[x][y] - pi[y] * p[y][x]));
    return worst;
  }
  double row_error() const {
    double worst = 0;
    for (std::size_t x = 0; x < pi.size(); ++x) {
      double sum = -1;
      for (double v : p[x]) sum += v;
      if (pi[x] > 0) worst = std::max(worst, std::abs(sum));
    }
    return worst;
  }
  /// Probability of a change under pi.
  double moves() const {
    double sum = 0;
    for (std::size_t x = 0; x < pi.size(); ++x)
      if (pi[x] > 0) sum += pi[x] * (1 - p[x][x]);
    return sum;
  }
};

/// Each replica of the energy is one chain.
inline Transitions transitions(const World& w, const Kernel& kernel) {
  const int n = static_cast<int>(w.replies.size()),
            n_chains = static_cast<int>(w.energy.replicas().size());
  std::vector<std::vector<double>> marginal;
  int size = 1;
  for (int c = 0; c < n_chains; ++c) marginal.push_back(w.target(c)), size *= n;
  Transitions out{std::vector<double>(size, 1),
                  std::vector<std::vector<double>>(size, std::vector<double>(size, 0))};
  std::vector<std::vector<ChainState>> known(n_chains);  // (chains, replies)
  for (int c = 0; c < n_chains; ++c)
    for (const Reply& r : w.replies) known[c].push_back(w.state(r.tokens, c));
  std::set<std::pair<int, int>> checked;
  for (int x = 0; x < size; ++x) {
    std::vector<int> at;
    for (int c = 0, rest = x; c < n_chains; ++c, rest /= n)
      at.push_back(rest % n), out.pi[x] *= marginal[c][at[c]];
    if (out.pi[x] <= 0) continue;
    EnumeratingChoices choices;
    const std::vector<Choices*> each(n_chains, &choices);
    choices.for_all([&] {
      std::vector<ChainState> chains;
      for (int c = 0; c < n_chains; ++c) chains.push_back(known[c][at[c]]);
      std::vector<StepInfo> infos(kernel.moves().size() * n_chains);
      const Status status = kernel.step(chains, each, infos);
      ASSERT_TRUE(status.ok()) << status.error().message();
      int y = 0;
      for (int c = n_chains; c-- > 0;) {
        ASSERT_TRUE(w.index.contains(chains[c].tokens)) << "not a reply of the law";
        ASSERT_EQ(chains[c].replica, c);
        y = y * n + w.index.at(chains[c].tokens);
      }
      if (checked.emplace(x, y).second)
        for (const ChainState& s : chains) expect_coherent(w, s);
      out.p[x][y] += choices.probability();
    });
    if (testing::Test::HasFatalFailure()) return out;
  }
  return out;
}

}  // namespace ponder::test
