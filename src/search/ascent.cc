// Token space: Gumbel-Softmax (Jang et al. 2017, Maddison et al. 2017) with Adam on normalised
// logits (Fast SeqProp).
#include "ponder/search/ascent.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/gumbel.h"
#include "ponder/chains/choices.h"
#include "search/adam.h"
#include "search/stopping_density.h"

namespace ponder {
namespace {

constexpr double kCertain = 1e4;  // logit of a frozen token: its weight is 1

double between(double first, double last, int k, int n) {
  return first * std::pow(last / first, n > 1 ? static_cast<double>(k) / (n - 1) : 1.);
}

class Ascent {
 public:
  Ascent(SoftScore& s, const std::vector<Token>& start, const std::vector<Token>& candidates, int m,
         const std::vector<bool>& frozen, const AscentConfig& c)
      : score_(s), start_(start), candidates_(candidates), m_(m), frozen_(frozen), config_(c) {}
  Status run();
  AscentResult result{};

 private:
  struct Chain {
    std::vector<double> z, scale;  // (n, m), (n)
    Adam<double> adam_z, adam_scale;
  };
  bool frozen(std::size_t t) const { return !frozen_.empty() && frozen_[t]; }
  std::vector<double> one_hot() const;
  std::vector<double> logits(const Chain&, Choices&) const;
  void climb(Chain&, std::span<const double> slope) const;
  Status snap(const TokenRelaxation&, std::span<const std::vector<double>>, std::vector<double>& f);

  SoftScore& score_;
  const std::vector<Token>& start_;
  const std::vector<Token>& candidates_;
  int m_;
  const std::vector<bool>& frozen_;
  const AscentConfig& config_;
  std::map<std::vector<Token>, double> known_{};  // f by text
};

std::vector<double> Ascent::one_hot() const {
  std::vector<double> z;
  for (std::size_t i = 0; i < candidates_.size(); ++i)
    z.push_back(candidates_[i] == start_[i / m_] ? 1 : 0);
  return z;
}

struct Moments {
  double mean = 0, deviation = 0;
};
Moments moments(std::span<const double> z) {
  constexpr double kFloor = 1e-6;
  Moments out;
  for (double v : z) out.mean += v / static_cast<double>(z.size());
  for (double v : z)
    out.deviation += (v - out.mean) * (v - out.mean) / static_cast<double>(z.size());
  out.deviation = std::sqrt(out.deviation + kFloor);
  return out;
}

// scale (z - mean) / deviation + Gumbel, position by position.
std::vector<double> Ascent::logits(const Chain& c, Choices& choices) const {
  std::vector<double> out;
  for (std::size_t t = 0; t < c.scale.size(); ++t) {
    const auto z = std::span(c.z).subspan(t * m_, m_);
    const Moments at = moments(z);
    for (int j = 0; j < m_; ++j) {
      const double noise = gumbel(choices.uniform());
      out.push_back(frozen(t) ? kCertain * (candidates_[t * m_ + j] == start_[t])
                              : c.scale[t] * (z[j] - at.mean) / at.deviation + noise);
    }
  }
  return out;
}

// Turns the slope by the normalised logits into slopes of z and scale, and makes a step.
void Ascent::climb(Chain& c, std::span<const double> slope) const {
  std::vector<double> dz(c.z.size()), dscale(c.scale.size());
  for (std::size_t t = 0; t < c.scale.size(); ++t) {
    if (frozen(t)) continue;
    const auto z = std::span(c.z).subspan(t * m_, m_);
    const auto g = slope.subspan(t * m_, m_);
    const Moments at = moments(z);
    double mean = 0, along = 0;
    for (int j = 0; j < m_; ++j) {
      mean += g[j] / m_;
      dscale[t] += g[j] * (z[j] - at.mean) / at.deviation;
    }
    along = dscale[t] / m_;
    for (int j = 0; j < m_; ++j)
      dz[t * m_ + j] =
          c.scale[t] / at.deviation * (g[j] - mean - along * (z[j] - at.mean) / at.deviation);
  }
  c.adam_z.ascend(dz, c.z);
  c.adam_scale.ascend(dscale, c.scale);
}

// Scores the reply that each point snaps to; texts seen before are not scored again.
Status Ascent::snap(const TokenRelaxation& r, std::span<const std::vector<double>> points,
                    std::vector<double>& f) {
  std::vector<std::vector<Token>> texts, fresh;
  for (const auto& z : points) texts.push_back(r.decode(z));
  for (const auto& x : texts)
    if (!known_.contains(x) && std::find(fresh.begin(), fresh.end(), x) == fresh.end())
      fresh.push_back(x);
  std::vector<double> values;
  if (!fresh.empty()) PONDER_TRY(score_.score(fresh, values));
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    known_[fresh[i]] = values[i];
    if (!result.best.empty() && !(values[i] > result.f)) continue;
    result.best = fresh[i];
    result.f = values[i];
  }
  f.clear();
  for (const auto& x : texts) f.push_back(known_.at(x));
  return {};
}

Status Ascent::run() {
  PONDER_ASSIGN(const TokenRelaxation r,
                TokenRelaxation::make(score_, candidates_, m_, config_.relaxation));
  std::vector<double> f;
  const std::vector<double> z = one_hot();
  PONDER_TRY(snap(r, {&z, 1}, f));
  std::vector<Chain> chains(config_.chains, {z, std::vector<double>(start_.size(), 1),
                                             Adam<double>(z.size(), config_.rate),
                                             Adam<double>(start_.size(), config_.rate)});
  for (int k = 0; k < config_.steps; ++k) {
    const StepChoices choices(config_.seed, chains.size(), static_cast<std::uint32_t>(k));
    std::vector<std::vector<double>> points;
    for (std::size_t c = 0; c < chains.size(); ++c) points.push_back(logits(chains[c], choices[c]));
    std::vector<TokenRelaxation::Value> values;
    PONDER_TRY(
        r.evaluate(points, between(config_.tau_first, config_.tau_last, k, config_.steps), values));
    PONDER_TRY(snap(r, points, f));
    for (std::size_t c = 0; c < chains.size(); ++c) {
      if (!values[c].finite) continue;
      if (values[c].value > result.relaxed) {
        result.relaxed = values[c].value;
        result.gap = values[c].value - f[c];
      }
      climb(chains[c], values[c].z);
    }
    ++result.steps;
    if (config_.progress) config_.progress(result.best, result.f);
  }
  return {};
}

}  // namespace

Result<AscentResult> ascend(SoftScore& score, const std::vector<Token>& start,
                            const std::vector<Token>& candidates, int m,
                            const std::vector<bool>& frozen, const AscentConfig& c) {
  const auto bad = [](const std::string& expected, const std::string& got) {
    return Error{Code::kInvalid, expected, got, "ascent", ""};
  };
  if (start.empty() || m < 1 || candidates.size() != start.size() * m)
    return bad("m candidates for each token of the start",
               std::to_string(candidates.size()) + " for " + std::to_string(start.size()));
  if (!frozen.empty() && frozen.size() != start.size())
    return bad("a mark for each position, or none", std::to_string(frozen.size()));
  if (c.chains < 1 || !(c.tau_first > 0) || !(c.tau_last > 0) || !(c.rate > 0))
    return bad("a chain, and temperatures and a rate above 0", "less");
  for (std::size_t t = 0; t < start.size(); ++t)
    if (std::count(candidates.begin() + t * m, candidates.begin() + (t + 1) * m, start[t]) == 0)
      return bad("the start's tokens among the candidates",
                 "token " + std::to_string(start[t]) + " not in its list");
  Ascent a(score, start, candidates, m, frozen, c);
  const Status s = a.run();
  if (!s.ok() && !ends_search(s)) return s.error();
  if (a.result.best.empty()) return s.error();  // not even the start was scored
  return a.result;
}

}  // namespace ponder
