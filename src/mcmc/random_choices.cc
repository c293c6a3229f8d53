// The choices of a run: each uses the next number of the chain's own counter.
#include <Random123/boxmuller.hpp>
#include <cmath>
#include <vector>

#include "base/log_sum_exp.h"
#include "base/rng.h"
#include "ponder/chains/choices.h"

namespace ponder {
namespace {

class RandomChoices final : public Choices {
 public:
  RandomChoices(std::uint64_t seed, std::uint32_t chain, std::uint32_t step)
      : seed_(seed), chain_(chain), counter_(static_cast<std::uint64_t>(step) << 32) {}

  int index(int n) override { return static_cast<int>(uniform() * n); }

  int categorical(std::span<const double> log_weights) override {
    const double u = uniform(), lse = log_sum_exp(log_weights);
    if (!(lse > -INFINITY)) return -1;
    double cdf = 0;
    int last = -1;
    for (std::size_t k = 0; k < log_weights.size(); ++k) {
      const double p = std::exp(log_weights[k] - lse);
      if (p == 0) continue;
      // the last one with mass, in case rounding leaves u above the sum
      last = static_cast<int>(k);
      cdf += p;
      if (u < cdf) break;
    }
    return last;
  }

  bool accept(double log_ratio) override { return std::log(uniform()) < log_ratio; }

  void ask(Needs& needs) override {
    needs.draw = {.kind = Draw::Kind::kInverseCdf, .u = uniform()};
  }
  TokenProb take(const Row& row, const Needs&) override { return {row.drawn, row.drawn_logprob}; }

  double uniform() override { return ponder::uniform(seed_, chain_, counter_++, Purpose::kChain); }

  void normals(std::span<float> out) override {
    for (std::size_t i = 0; i < out.size(); i += 4) {
      const auto r = philox(seed_, chain_, counter_++, Purpose::kChain);
      const auto a = r123::boxmuller(r[0], r[1]), b = r123::boxmuller(r[2], r[3]);
      const float four[] = {a.x, a.y, b.x, b.y};
      for (std::size_t k = 0; k < 4 && i + k < out.size(); ++k) out[i + k] = four[k];
    }
  }

 private:
  std::uint64_t seed_;
  std::uint32_t chain_;
  std::uint64_t counter_;  // step · 2^32 + draws so far
};

}  // namespace

std::unique_ptr<Choices> random_choices(std::uint64_t seed, std::uint32_t chain,
                                        std::uint32_t step) {
  return std::make_unique<RandomChoices>(seed, chain, step);
}

StepChoices::StepChoices(std::uint64_t seed, std::size_t n_chains, std::uint32_t step) {
  for (std::size_t c = 0; c < n_chains; ++c) {
    owned_.push_back(random_choices(seed, static_cast<std::uint32_t>(c), step));
    all_.push_back(owned_.back().get());
  }
}

}  // namespace ponder
