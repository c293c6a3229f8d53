// Rows of the noise space. docs/methods.md#noise-space.
#include "energy/noise_rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/gumbel.h"
#include "base/gumbel_table.h"
#include "base/infinity.h"

namespace ponder {
namespace {}  // namespace

double log_q(const Row& r, double alpha, Token v) {
  if (std::isinf(r.logits[v])) return -kInf;
  return alpha * (static_cast<double>(r.logits[v]) - r.log_normalizer) - r.lz;
}

Token argmax(const Row& r, double alpha, std::span<const float> noise) {
  Token best = -1;
  double most = -kInf;
  for (std::size_t v = 0; v < noise.size(); ++v) {
    const double value = alpha * r.logits[v] + noise[v];
    if (std::isinf(r.logits[v]) || value <= most) continue;
    most = value;
    best = static_cast<Token>(v);
  }
  return best;
}

bool condition_normals(const Row& r, double alpha, Token winner, double u, std::span<double> eps) {
  constexpr double kFar = -23;    // log of a relative change that is below the table's error
  constexpr double kNear = 1e-3;  // by rounding, sums this near the top may or may not exceed it
  const GumbelTable& table = GumbelTable::get();
  const double top = gumbel(u);
  std::vector<float> noise(eps.size());
  for (std::size_t v = 0; v < eps.size(); ++v) {
    const auto token = static_cast<Token>(v);
    const double mu = log_q(r, alpha, token);
    if (std::isinf(mu)) continue;
    double g = table.gumbel_of_normal(eps[v]);
    if (token == winner || mu - top + g > kFar) {
      g = token == winner ? top - mu : loser_noise(g, mu, top);
      eps[v] = table.normal_of_gumbel(g);
      if (mu + g > top - kNear) g = table.gumbel_of_normal(eps[v]);
    }
    noise[v] = static_cast<float>(g);
  }
  return argmax(r, alpha, noise) == winner;
}

void noise_force(const Row& r, double alpha, std::span<const float> gain,
                 std::span<const double> eps, double kappa, double tau, std::span<double> out) {
  const GumbelTable& table = GumbelTable::get();
  double max = -kInf, sum = 0, mean = 0;
  for (std::size_t v = 0; v < out.size(); ++v)
    max = std::max(
        max,
        out[v] = (log_q(r, alpha, static_cast<Token>(v)) + table.gumbel_of_normal(eps[v])) / tau);
  for (double& s : out) sum += s = std::exp(s - max);
  for (std::size_t v = 0; v < out.size(); ++v)
    if (out[v] > 0) mean += (out[v] /= sum) * gain[v];
  for (std::size_t v = 0; v < out.size(); ++v)
    if (out[v] > 0) out[v] *= kappa * (gain[v] - mean) / tau * gumbel_slope(eps[v]);
}

void slopes_to_gain(std::span<const Token> x, std::span<const double> lz,
                    std::span<const Token> end_tokens, std::span<float> slopes) {
  const std::size_t n_vocab = slopes.size() / x.size();
  double after = 0;  // sum of lZ after t
  for (std::size_t t = x.size(); t-- > 0;) {
    const auto row = slopes.subspan(t * n_vocab, n_vocab);
    const float here = row[x[t]];
    for (float& v : row) v -= here;
    for (Token v : end_tokens)
      if (v != x[t]) row[v] = static_cast<float>(-after);
    after += lz[t];
  }
}

}  // namespace ponder
