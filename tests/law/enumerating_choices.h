// EnumeratingChoices: drives a kernel through every outcome of its random choices, one run after
// the other, with the probability of each: a depth-first traversal of the tree of choices.
// docs/methods.md#enumeration.
#pragma once

#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/log_sum_exp.h"
#include "ponder/chains/choices.h"

namespace ponder::test {

class EnumeratingChoices final : public Choices {
 public:
  /// Calls run() once for every sequence of outcomes; during a run, probability() is its
  /// probability.
  template <class F>
  void for_all(const F& run) {
    path_.clear();
    do {
      depth_ = 0;
      probability_ = 1;
      run();
      PONDER_CHECK(depth_ == path_.size());  // fails if a kernel's choices depend on anything else
    } while (next());
  }
  double probability() const { return probability_; }

  int index(int n) override { return choose(std::vector<double>(n, 1. / n)); }
  int categorical(std::span<const double> log_weights) override {
    const double lse = log_sum_exp(log_weights);
    if (!(lse > -INFINITY)) return -1;
    std::vector<double> p;
    for (double w : log_weights) p.push_back(std::exp(w - lse));
    return choose(std::move(p));
  }
  bool accept(double log_ratio) override {
    if (std::isnan(log_ratio)) return false;
    const double p = std::min(1., std::exp(log_ratio));
    return choose({1 - p, p}) == 1;
  }
  // Asks for the whole row as a list, which has double precision.
  void ask(Needs& needs) override { needs.draw = {.kind = Draw::Kind::kList}; }
  TokenProb take(const Row& row, const Needs& needs) override {
    std::vector<double> w;
    for (const TokenProb& v : row.list) w.push_back(needs.alpha * v.logprob);
    return row.list[categorical(w)];
  }
  double uniform() override { PONDER_CHECK(false && "a continuous draw cannot be enumerated"); }
  void normals(std::span<float>) override {
    PONDER_CHECK(false && "a continuous draw cannot be enumerated");
  }

 private:
  struct Choice {
    std::vector<double> p;
    int at;
  };
  static int next_possible(const std::vector<double>& p, int k) {
    while (k < static_cast<int>(p.size()) && p[k] <= 0) ++k;
    return k;
  }
  int choose(std::vector<double> p) {
    if (depth_ == path_.size()) {
      const int first = next_possible(p, 0);
      path_.push_back({std::move(p), first});
    }
    const Choice& c = path_[depth_++];
    probability_ *= c.p[c.at];
    return c.at;
  }
  bool next() {
    for (; !path_.empty(); path_.pop_back()) {
      Choice& c = path_.back();
      c.at = next_possible(c.p, c.at + 1);
      if (c.at < static_cast<int>(c.p.size())) return true;
    }
    return false;
  }

  std::vector<Choice> path_;
  std::size_t depth_ = 0;
  double probability_ = 1;
};

}  // namespace ponder::test
