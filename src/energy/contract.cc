// Tests the contract of scores that can be relaxed by random trials. docs/methods.md#slopes.
#include "ponder/energy/contract.h"

#include <cmath>
#include <string>

#include "base/rng.h"

namespace ponder {
namespace {

class Trials {
 public:
  Trials(SoftScore& score, std::span<const Token> candidates, int m, const ContractOptions& o)
      : score_(score), candidates_(candidates.begin(), candidates.end()), m_(m), o_(o) {}
  Status one();

 private:
  double uniform() { return ponder::uniform(o_.seed, 0, step_++, Purpose::kTest); }
  bool near(double a, double b, double slack) const {
    return std::abs(a - b) <= slack * (1 + std::abs(b));
  }
  Error broken(const std::string& what, double want, double got) const {
    return {Code::kNumeric, what + ": " + std::to_string(want), std::to_string(got),
            "contract of a relaxed score, draw " + std::to_string(step_), ""};
  }
  Status value_at(const std::vector<float>& weights, SoftValue& out) {
    const SoftPoint p{candidates_, weights, m_};
    std::vector<SoftValue> v;
    PONDER_TRY(score_.evaluate({&p, 1}, v));
    out = std::move(v[0]);
    return {};
  }
  Status one_hot(const std::vector<Token>& x, const std::vector<float>& weights, double& f);
  Status lifted(const std::vector<Token>& x, double f);
  Status slopes();

  SoftScore& score_;
  std::vector<Token> candidates_;
  int m_;
  ContractOptions o_;
  std::uint64_t step_ = 0;
};

Status Trials::one_hot(const std::vector<Token>& x, const std::vector<float>& weights, double& f) {
  std::vector<double> values;
  PONDER_TRY(score_.score({&x, 1}, values));
  f = values[0];
  SoftValue soft;
  PONDER_TRY(value_at(weights, soft));
  if (!soft.finite || !near(soft.value, f, o_.value_slack))
    return broken("relaxed f at one-hot weights", f, soft.value);
  return {};
}

Status Trials::lifted(const std::vector<Token>& x, double f) {
  for (const auto kind :
       {TokenRelaxation::Kind::kSoftmax, TokenRelaxation::Kind::kStraightThrough}) {
    PONDER_ASSIGN(const TokenRelaxation r, TokenRelaxation::make(score_, candidates_, m_, kind));
    PONDER_ASSIGN(const std::vector<double> z, r.lift(x, [this] { return uniform(); }));
    if (r.decode(z) != x) return broken("decode(lift(x)) = x, 1 for yes", 1, 0);
    std::vector<TokenRelaxation::Value> v;
    PONDER_TRY(r.evaluate({&z, 1}, 0, v));
    if (!near(v[0].value, f, o_.value_slack)) return broken("f at lift(x)", f, v[0].value);
    if (kind == TokenRelaxation::Kind::kSoftmax) continue;
    PONDER_TRY(r.evaluate({&z, 1}, 1, v));
    if (!near(v[0].value, f, o_.value_slack))
      return broken("straight-through value at lift(x)", f, v[0].value);
  }
  return {};
}

// Tests slopes along a random direction that keeps the sums of weights.
Status Trials::slopes() {
  std::vector<float> weights, direction;
  for (std::size_t t = 0; t < candidates_.size() / m_; ++t) {
    double sum = 0, mean = 0;
    std::vector<double> w, d;
    for (int j = 0; j < m_; ++j) {
      sum += w.emplace_back(0.2 + uniform());
      mean += d.emplace_back(uniform() - 0.5) / m_;
    }
    for (int j = 0; j < m_; ++j) {
      weights.push_back(static_cast<float>(w[j] / sum));
      direction.push_back(static_cast<float>(d[j] - mean));
    }
  }
  SoftValue here, again, up, down;
  PONDER_TRY(value_at(weights, here));
  PONDER_TRY(value_at(weights, again));
  if (here.value != again.value || here.weights != again.weights)
    return broken("the same bits on two calls", here.value, again.value);
  if (!here.finite) return broken("a finite value", 0, here.value);
  double slope = 0;
  const auto moved = [&](double by) {
    std::vector<float> w = weights;
    for (std::size_t i = 0; i < w.size(); ++i) w[i] += static_cast<float>(by) * direction[i];
    return w;
  };
  for (std::size_t i = 0; i < weights.size(); ++i)
    slope += static_cast<double>(here.weights[i]) * direction[i];
  PONDER_TRY(value_at(moved(o_.step), up));
  PONDER_TRY(value_at(moved(-o_.step), down));
  const double difference = (up.value - down.value) / (2 * o_.step);
  if (!near(slope, difference, o_.slope_slack))
    return broken("derivative by differences", difference, slope);
  return {};
}

Status Trials::one() {
  std::vector<Token> x;
  std::vector<float> weights(candidates_.size(), 0.f);
  for (std::size_t t = 0; t < candidates_.size(); t += m_) {
    const auto j = static_cast<std::size_t>(uniform() * m_);
    x.push_back(candidates_[t + j]);
    weights[t + j] = 1;
  }
  double f = 0;
  PONDER_TRY(one_hot(x, weights, f));
  PONDER_TRY(lifted(x, f));
  return slopes();
}

}  // namespace

Status check_contract(SoftScore& score, std::span<const Token> candidates, int m,
                      const ContractOptions& options) {
  Trials trials(score, candidates, m, options);
  for (int i = 0; i < options.n_points; ++i) PONDER_TRY(trials.one());
  return {};
}

}  // namespace ponder
