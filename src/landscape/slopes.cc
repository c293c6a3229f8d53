// The force on a NoisePlane: that of the noise space along the plane's two directions. For each
// reply and position it keeps the values of the moving tokens and a sum over all other tokens.
#include <algorithm>
#include <cmath>

#include "base/gumbel.h"
#include "base/gumbel_table.h"
#include "energy/noise_rows.h"
#include "energy/whole_replies.h"
#include "landscape/noise_plane.h"

namespace ponder {
namespace {

// gradients at a time; each has a number for every token at every position
constexpr std::size_t kSlopesAtOnce = 8;

}  // namespace

std::vector<NoisePlane::Lever> NoisePlane::levers_of(int reply, std::span<const Row> rows,
                                                     std::span<const float> gain) const {
  const std::size_t n = replies_[reply].tokens.size(), n_vocab = density_.n_vocab();
  std::vector<Lever> out(n);
  for (std::size_t t = 0; t < n; ++t) {
    Lever& lever = out[t];
    const auto row_gain = gain.subspan(t * n_vocab, n_vocab);
    std::vector<bool> moves(n_vocab);
    for (const Coordinate& c : positions_[t].moving) {
      moves[c.token] = true;
      lever.log_q.push_back(log_q(rows[t], alpha_, c.token));
      lever.gain.push_back(row_gain[c.token]);
    }
    double total = 0, mean = 0;
    for (std::size_t v = 0; v < n_vocab; ++v) {
      if (moves[v]) continue;
      const double s =
          std::exp(log_q(rows[t], alpha_, static_cast<Token>(v)) + positions_[t].gumbels[v]);
      total += s;
      if (s > 0) mean += s * row_gain[v];
    }
    lever.rest_log_sum = std::log(total);
    lever.rest_gain = total > 0 ? mean / total : 0;
  }
  return out;
}

// Computes the levers of those replies that have none yet.
Status NoisePlane::add_levers(std::span<const Spot> spots) {
  std::vector<int> missing;
  for (const Spot& s : spots)
    if (s.peak >= 0 && !levers_.contains(s.peak) &&
        std::count(missing.begin(), missing.end(), s.peak) == 0)
      missing.push_back(s.peak);
  for (std::size_t begin = 0; begin < missing.size(); begin += kSlopesAtOnce) {
    const std::span some(missing.data() + begin, std::min(kSlopesAtOnce, missing.size() - begin));
    std::vector<std::span<const Token>> batch;
    for (int r : some) batch.emplace_back(replies_[r].tokens);
    std::vector<ReplyGradient> g;
    PONDER_TRY(
        reply_slopes(density_, context_, law_, {.logprob = 0, .lz = 1, .alpha = alpha_}, batch, g));
    for (std::size_t i = 0; i < some.size(); ++i) {
      std::vector<Lever>& levers = levers_[some[i]];
      if (!g[i].finite) continue;
      const std::vector<Token>& x = replies_[some[i]].tokens;
      PONDER_ASSIGN(const Rows rows, whole_rows(density_, context_, law_, alpha_, x));
      std::vector<double> lz;
      for (const Row& r : rows.rows) lz.push_back(r.lz);
      slopes_to_gain(x, lz, density_.end_tokens(), g[i].slopes);
      levers = levers_of(some[i], rows.rows, g[i].slopes);
    }
  }
  return {};
}

// d/d(u, v) of sum_t sum_v s_tv gain_tv, s = softmax(log q + noise).
Point NoisePlane::slope(const std::vector<Lever>& levers, Point z) const {
  Point out;
  for (std::size_t t = 0; t < levers.size(); ++t) {
    const Lever& lever = levers[t];
    const auto& moving = positions_[t].moving;
    std::vector<double> scores;
    double max = lever.rest_log_sum;
    for (std::size_t i = 0; i < moving.size(); ++i) {
      scores.push_back(lever.log_q[i] + GumbelTable::get().gumbel_of_normal(moving[i].at(z)));
      max = std::max(max, scores[i]);
    }
    double total = std::exp(lever.rest_log_sum - max), mean = total * lever.rest_gain;
    for (std::size_t i = 0; i < moving.size(); ++i) {
      const double share = scores[i] = std::exp(scores[i] - max);
      total += share;
      if (share > 0) mean += share * lever.gain[i];
    }
    mean /= total;
    for (std::size_t i = 0; i < moving.size(); ++i) {
      if (scores[i] == 0) continue;
      const double d = scores[i] / total * (lever.gain[i] - mean) * gumbel_slope(moving[i].at(z));
      out = out + d * Point{moving[i].along_u, moving[i].along_v};
    }
  }
  return out;
}

Status NoisePlane::slopes(std::span<const Point> points, std::vector<Point>& out) {
  std::vector<Spot> spots;
  PONDER_TRY(look(points, spots));
  PONDER_TRY(add_levers(spots));
  out.assign(points.size(), {});
  for (std::size_t i = 0; i < points.size(); ++i)
    if (spots[i].peak >= 0) out[i] = slope(levers_.at(spots[i].peak), points[i]);
  return {};
}

}  // namespace ponder
