// Token space: logits over candidate lists. docs/methods.md#token-space.
#include <algorithm>
#include <cmath>
#include <string>

#include "base/gumbel.h"
#include "ponder/energy/relaxation.h"

namespace ponder {
namespace {

// softmax(z / tau) over the candidates that are not fillers, (m)
std::vector<double> softmax(std::span<const double> z, std::span<const double> log_q, double tau) {
  const double max = *std::max_element(z.begin(), z.end());
  std::vector<double> s;
  double sum = 0;
  for (std::size_t j = 0; j < z.size(); ++j)
    sum += s.emplace_back(log_q[j] > kAbsent ? std::exp((z[j] - max) / tau) : 0);
  for (double& v : s) v /= sum;
  return s;
}

}  // namespace

Result<TokenRelaxation> TokenRelaxation::make(SoftScore& score, std::vector<Token> candidates,
                                              int m, Kind kind, std::vector<double> log_q) {
  if (m < 1 || candidates.empty() || candidates.size() % static_cast<std::size_t>(m) != 0)
    return invalid("(n, m) candidates",
                   std::to_string(candidates.size()) + " and m = " + std::to_string(m),
                   "TokenRelaxation");
  if (log_q.empty()) log_q.assign(candidates.size(), -std::log(m));
  if (log_q.size() != candidates.size())
    return invalid(std::to_string(candidates.size()) + " base log-probabilities",
                   std::to_string(log_q.size()), "TokenRelaxation");
  for (std::size_t t = 0; t < candidates.size(); t += m) {
    std::vector<Token> list(candidates.begin() + static_cast<std::ptrdiff_t>(t),
                            candidates.begin() + static_cast<std::ptrdiff_t>(t + m));
    std::sort(list.begin(), list.end());
    const auto twice = std::adjacent_find(list.begin(), list.end());
    if (twice != list.end())
      return invalid("a list of different tokens", std::to_string(*twice) + " twice",
                     "TokenRelaxation, position " + std::to_string(t / m));
  }
  return TokenRelaxation(score, std::move(candidates), m, kind, std::move(log_q));
}

std::vector<int> TokenRelaxation::argmax(std::span<const double> z) const {
  std::vector<int> best;
  for (std::size_t t = 0; t < z.size() / m_; ++t) {
    const auto row = z.subspan(t * m_, m_);
    best.push_back(static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin()));
  }
  return best;
}

std::vector<Token> TokenRelaxation::decode(std::span<const double> z) const {
  std::vector<Token> x;
  for (int j : argmax(z)) x.push_back(candidates_[x.size() * m_ + j]);
  return x;
}

Result<int> TokenRelaxation::place(std::size_t position, Token v) const {
  const auto begin = candidates_.begin() + static_cast<std::ptrdiff_t>(position) * m_;
  const auto at = std::find(begin, begin + m_, v) - begin;
  if (at == m_)
    return invalid("a token of the list", std::to_string(v),
                   "TokenRelaxation, position " + std::to_string(position));
  return static_cast<int>(at);
}

Result<std::vector<float>> TokenRelaxation::one_hot(std::span<const double> z,
                                                    const std::vector<Token>* x) const {
  const std::size_t n_positions = z.size() / m_;
  if (x && x->size() != n_positions)
    return invalid(std::to_string(n_positions) + " tokens", std::to_string(x->size()),
                   "TokenRelaxation::evaluate");
  std::vector<int> at;
  if (!x) at = argmax(z);
  for (std::size_t t = 0; x && t < n_positions; ++t) {
    PONDER_ASSIGN(const int found, place(t, (*x)[t]));
    at.push_back(found);
  }
  std::vector<float> w(z.size(), 0.f);
  for (std::size_t t = 0; t < n_positions; ++t) w[t * m_ + at[t]] = 1;
  return w;
}

// The largest sum is Gumbel at logsumexp(log_q); the others are Gumbel truncated below it.
Result<std::vector<double>> TokenRelaxation::lift(std::span<const Token> x,
                                                  const Uniforms& u) const {
  if (static_cast<int>(x.size()) != n())
    return invalid(std::to_string(n()) + " tokens", std::to_string(x.size()), "lift");
  std::vector<double> z;
  for (int t = 0; t < n(); ++t) {
    PONDER_ASSIGN(const int at, place(t, x[t]));
    double mass = 0;
    for (int j = 0; j < m_; ++j) mass += std::exp(log_q_[t * m_ + j]);
    const double top = std::log(mass) + gumbel(u());
    for (int j = 0; j < m_; ++j) {
      const double mu = log_q_[t * m_ + j];
      z.push_back(j == at ? top : mu + loser_noise(gumbel(u()), mu, top));
    }
  }
  return z;
}

Status TokenRelaxation::evaluate(std::span<const std::vector<double>> states, double tau,
                                 std::vector<Value>& out,
                                 std::span<const std::vector<Token>> x) const {
  out.assign(states.size(), {});
  if (tau == 0) {
    std::vector<std::vector<Token>> best;
    for (const auto& z : states) best.push_back(decode(z));
    std::vector<double> f;
    PONDER_TRY(score_->score(best, f));
    for (std::size_t i = 0; i < f.size(); ++i) out[i].value = f[i];
    return {};
  }
  if (!(tau > 0))
    return invalid("a temperature of at least 0", std::to_string(tau), "TokenRelaxation::evaluate");
  if (!x.empty() && x.size() != states.size())
    return invalid("as many strings as states, " + std::to_string(states.size()),
                   std::to_string(x.size()), "TokenRelaxation::evaluate");
  std::vector<std::vector<double>> soft(states.size());
  std::vector<std::vector<float>> weights(states.size());
  std::vector<SoftPoint> points;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const int n_positions = static_cast<int>(states[i].size()) / m_;
    if (states[i].empty() || states[i].size() % m_ != 0 || n_positions > n())
      return invalid("(1 to " + std::to_string(n()) + ", " + std::to_string(m_) + ") logits",
                     std::to_string(states[i].size()), "evaluate");
    for (int t = 0; t < n_positions; ++t)
      for (double s : softmax(std::span(states[i]).subspan(static_cast<std::size_t>(t) * m_, m_),
                              std::span(log_q_).subspan(static_cast<std::size_t>(t) * m_, m_), tau))
        soft[i].push_back(s);
    if (kind_ == Kind::kSoftmax) {
      weights[i].assign(soft[i].begin(), soft[i].end());
    } else {
      PONDER_ASSIGN(weights[i], one_hot(states[i], x.empty() ? nullptr : &x[i]));
    }
    points.push_back({std::span(candidates_).first(states[i].size()), weights[i], m_});
  }
  std::vector<SoftValue> values;
  PONDER_TRY(score_->evaluate(points, values));
  for (std::size_t i = 0; i < states.size(); ++i) {
    out[i].value = values[i].value;
    out[i].finite = values[i].finite;
    if (!values[i].finite) continue;
    for (std::size_t t = 0; t < states[i].size() / m_; ++t) {  // dz_j = s_j (g_j - sum s g) / tau
      const double* s = &soft[i][t * m_];
      const float* g = &values[i].weights[t * m_];
      double mean = 0;
      for (int j = 0; j < m_; ++j)
        mean += s[j] > 0 ? s[j] * g[j] : 0;  // a masked id has slope -inf
      for (int j = 0; j < m_; ++j) out[i].z.push_back(s[j] > 0 ? s[j] * (g[j] - mean) / tau : 0);
    }
  }
  return {};
}

Result<std::vector<double>> first_order(SoftScore& score, std::span<const Token> x,
                                        std::span<const Token> candidates, int m) {
  if (m < 1 || candidates.size() != x.size() * static_cast<std::size_t>(m))
    return invalid("m candidates a token",
                   std::to_string(candidates.size()) + " for " + std::to_string(x.size()),
                   "first_order");
  // The token itself comes first in its list, with all the weight.
  std::vector<Token> lists;
  std::vector<float> weights;
  for (std::size_t t = 0; t < x.size(); ++t) {
    lists.push_back(x[t]);
    weights.push_back(1);
    for (int j = 0; j < m; ++j) {
      lists.push_back(candidates[t * m + j]);
      weights.push_back(0);
    }
  }
  const SoftPoint point{lists, weights, m + 1};
  std::vector<SoftValue> value;
  PONDER_TRY(score.evaluate({&point, 1}, value));
  if (!value[0].finite)
    return Error{Code::kNumeric, "a finite derivative", "one that is not", "first_order", ""};
  std::vector<double> gain;
  for (std::size_t t = 0; t < x.size(); ++t)
    for (int j = 0; j < m; ++j)
      gain.push_back(static_cast<double>(value[0].weights[t * (m + 1) + 1 + j]) -
                     value[0].weights[t * (m + 1)]);
  return gain;
}

}  // namespace ponder
