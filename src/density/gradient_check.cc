// The three ways to compute a slope. docs/methods.md#slopes.
#include "density/gradient_check.h"

#include <cmath>
#include <complex>
#include <string>

#include "base/rng.h"

namespace ponder {
namespace {

/// sum_t lp_t(x_t) of given tokens, whatever mixtures precede them.
class GivenTokens final : public RowTerm {
 public:
  explicit GivenTokens(const CheckPoint& p) : p_(p) {}
  double add(std::size_t, std::size_t t, std::span<const float> lp,
             std::span<float> dlp) const override {
    const Token x = p_.candidates[t * p_.m];
    dlp[x] += 1;
    return lp[x];
  }

 private:
  const CheckPoint& p_;
};

Error not_finite(const std::string& what) {
  return {Code::kNumeric, "a finite " + what, "one that is not", "gradient check", ""};
}

}  // namespace

CheckPoint CheckPoint::of_reply(std::vector<Token> prompt, const std::vector<Token>& reply,
                                int n_vocab, std::uint64_t seed) {
  CheckPoint p{.prompt = std::move(prompt), .candidates = {}, .weights = {}, .m = 8};
  std::uint64_t step = 0;
  for (Token x : reply)
    for (int j = 0; j < p.m; ++j) {
      p.candidates.push_back(
          j == 0 ? x : static_cast<Token>(uniform(seed, 1, step++, Purpose::kCheck) * n_vocab));
      p.weights.push_back(j == 0 ? 1 : 0);
    }
  return p;
}

std::vector<Direction> random_directions(const CheckPoint& p, int n_directions,
                                         std::uint64_t seed) {
  std::vector<Direction> all;
  std::uint64_t step = 0;
  for (int k = 0; k < n_directions; ++k) {
    Direction& d = all.emplace_back();
    for (std::size_t t = 0; t < p.n(); ++t) {
      double mean = 0;
      for (int j = 0; j < p.m; ++j)
        mean += d.emplace_back(uniform(seed, 0, step++, Purpose::kCheck) - 0.5) / p.m;
      for (int j = 0; j < p.m; ++j) d[t * p.m + j] -= mean;
    }
  }
  return all;
}

Result<std::vector<double>> gradient_slopes(CausalDensity& density, const PrefixRef& prompt,
                                            const CheckPoint& p,
                                            const std::vector<Direction>& directions) {
  std::vector<Token> reply;
  for (std::size_t t = 0; t < p.n(); ++t) reply.push_back(p.candidates[t * p.m]);
  const SoftReply point =
      p.relaxed
          ? SoftReply{.parent = prompt, .candidates = p.candidates, .weights = p.weights, .m = p.m}
          : SoftReply{.parent = prompt, .candidates = reply};
  std::vector<ReplyGradient> g;
  PONDER_TRY(
      density.value_and_grad({&point, 1}, {}, {.weights = p.relaxed, .slopes = !p.relaxed}, g));
  if (!g[0].finite) return not_finite("gradient");
  const auto n_vocab = static_cast<std::size_t>(density.n_vocab());
  std::vector<double> slopes;
  for (const Direction& d : directions) {
    double slope = 0;
    for (std::size_t i = 0; i < d.size(); ++i)
      slope +=
          d[i] * (p.relaxed ? g[0].weights[i] : g[0].slopes[i / p.m * n_vocab + p.candidates[i]]);
    slopes.push_back(slope);
  }
  return slopes;
}

// Fourth-order differences: (4 D(h) - D(2h)) / 3 with D(h) = (J(h) - J(-h)) / 2h.
Result<std::vector<double>> difference_slopes(CausalDensity& density, const PrefixRef& prompt,
                                              const CheckPoint& p,
                                              const std::vector<Direction>& directions) {
  constexpr double kStep = 0.02;
  const GivenTokens given(p);
  const RowTerm* terms[] = {&given};
  const Objective objective = p.relaxed ? Objective{} : Objective{.logprob = 0, .row_terms = terms};
  constexpr double kSteps[] = {kStep, -kStep, 2 * kStep, -2 * kStep};
  std::vector<std::vector<float>> weights;  // for each direction and step
  for (const Direction& d : directions)
    for (const double step : kSteps) {
      std::vector<float>& w = weights.emplace_back(p.weights);
      for (std::size_t i = 0; i < w.size(); ++i) w[i] += static_cast<float>(step * d[i]);
    }
  std::vector<SoftReply> points;
  for (const auto& w : weights)
    points.push_back({.parent = prompt, .candidates = p.candidates, .weights = w, .m = p.m});
  std::vector<ReplyGradient> g;
  PONDER_TRY(density.value_and_grad(points, objective, {}, g));
  std::vector<double> slopes;
  for (std::size_t i = 0; i < g.size(); i += std::size(kSteps)) {
    const double near = (g[i].value - g[i + 1].value) / (2 * kStep),
                 far = (g[i + 2].value - g[i + 3].value) / (4 * kStep);
    slopes.push_back((4 * near - far) / 3);
    if (!std::isfinite(slopes.back())) return not_finite("value");
  }
  return slopes;
}

std::vector<double> reference_slopes(const Reference& reference, const CheckPoint& p,
                                     const std::vector<Direction>& directions) {
  using Complex = std::complex<double>;
  constexpr double kStep = 1e-30;
  std::vector<double> slopes;
  for (const Direction& d : directions) {
    std::vector<Complex> weights(p.weights.begin(), p.weights.end());
    for (std::size_t i = 0; i < d.size(); ++i) weights[i] += Complex(0, kStep * d[i]);
    const auto lp = reference.log_probs(reference.inputs(p.prompt, p.candidates, p.m, weights, {}));
    Complex value = 0;
    for (std::size_t t = 0; t < p.n(); ++t)
      for (std::size_t i = t * p.m; i < (t + 1) * p.m; ++i)
        value += (p.relaxed ? weights[i] : Complex(p.weights[i])) *
                 lp[p.prompt.size() + t - 1][p.candidates[i]];
    slopes.push_back(value.imag() / kStep);
  }
  return slopes;
}

double relative_error(const std::vector<double>& got, const std::vector<double>& want) {
  // In nats. At flatter points, the error is taken relative to this slope.
  constexpr double kFlat = 0.1;
  double difference = 0, size = 0;
  const auto n = static_cast<double>(want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    difference += (got[i] - want[i]) * (got[i] - want[i]) / n;
    size += want[i] * want[i] / n;
  }
  return std::sqrt(difference) / std::max(std::sqrt(size), kFlat);
}

}  // namespace ponder
