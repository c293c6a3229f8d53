// A score for tests: linear in the weights, with a coupling of neighbours on request.
#pragma once

#include <cmath>
#include <vector>

#include "ponder/energy/relaxation.h"

namespace ponder::test {

inline double unary(std::size_t t, Token v) {
  return std::sin(1.7 * static_cast<double>(t) + 0.9 * v);
}
inline double pair(Token a, Token b) { return std::cos(0.4 * a + 1.3 * b); }

/// f(x) = sum_t unary(t, x_t) + coupling sum_t pair(x_t, x_{t+1}); relaxed: its multilinear
/// extension.
class ChainScore : public SoftScore {
 public:
  explicit ChainScore(double coupling) : coupling_(coupling) {}
  Status score(std::span<const std::vector<Token>> x, std::vector<double>& f) override {
    f.clear();
    for (const auto& s : x) {
      double sum = 0;
      for (std::size_t t = 0; t < s.size(); ++t) {
        sum += unary(t, s[t]);
        if (t + 1 < s.size()) sum += coupling_ * pair(s[t], s[t + 1]);
      }
      f.push_back(sum);
    }
    return {};
  }
  Status evaluate(std::span<const SoftPoint> points, std::vector<SoftValue>& out) override {
    out.clear();
    for (const SoftPoint& p : points) {
      SoftValue v;
      std::vector<double> slope(p.weights.size());
      const auto m = static_cast<std::size_t>(p.m);
      for (std::size_t i = 0; i < p.weights.size(); ++i) {
        const std::size_t t = i / m;
        v.value += p.weights[i] * unary(t, p.candidates[i]);
        slope[i] += unary(t, p.candidates[i]);
        if ((t + 1) * m >= p.weights.size()) continue;
        for (std::size_t j = (t + 1) * m; j < (t + 2) * m; ++j) {
          const double c = coupling_ * pair(p.candidates[i], p.candidates[j]);
          v.value += p.weights[i] * p.weights[j] * c;
          slope[i] += p.weights[j] * c;
          slope[j] += p.weights[i] * c;
        }
      }
      v.weights.assign(slope.begin(), slope.end());
      out.push_back(v);
    }
    return {};
  }

 private:
  double coupling_;
};

}  // namespace ponder::test
