// Noise space: the decoder's own noise as the continuous variable (the non-centred
// parametrisation). docs/methods.md#noise-space.
#include <algorithm>
#include <cmath>
#include <string>

#include "base/gumbel.h"
#include "base/infinity.h"
#include "energy/noise_rows.h"
#include "energy/whole_replies.h"
#include "ponder/energy/relaxation.h"

namespace ponder {
namespace {}  // namespace

NoiseRelaxation::NoiseRelaxation(CausalDensity& d, PrefixRef root, ReplyLaw law, double alpha)
    : density_(d), root_(std::move(root)), law_(std::move(law)), alpha_(alpha) {}

Status NoiseRelaxation::decode(std::span<const State* const> states,
                               std::vector<Decoded>& out) const {
  const int n_vocab = density_.n_vocab();
  struct Stream {
    std::size_t state;
    PrefixRef at;
    std::vector<float> noise;
  };
  std::vector<Stream> live;
  out.assign(states.size(), {});
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i]->eps.size() != static_cast<std::size_t>(law_.horizon()) * n_vocab)
      return Error{Code::kInvalid, "(horizon, n_vocab) normals",
                   std::to_string(states[i]->eps.size()), "NoiseRelaxation::decode", ""};
    live.push_back({i, root_, std::vector<float>(n_vocab)});
  }
  for (int t = 0; law_.extends(t) && !live.empty(); ++t) {
    const TokenMask* mask = law_.mask(t);
    std::vector<Extend> batch;
    for (Stream& s : live) {
      const float* eps = &states[s.state]->eps[static_cast<std::size_t>(t) * n_vocab];
      for (int v = 0; v < n_vocab; ++v) s.noise[v] = static_cast<float>(gumbel_of_normal(eps[v]));
      batch.push_back({.parent = s.at,
                       .tokens = std::span(out[s.state].tokens).last(t > 0 ? 1 : 0),
                       .rows = RowSet::kLast,
                       .needs = {.alpha = alpha_,
                                 .lz = true,
                                 .draw = {.kind = Draw::Kind::kArgmax, .noise = s.noise.data()}},
                       .masks = {mask}});
    }
    Rows rows;
    PONDER_TRY(density_.extend(batch, rows));
    std::vector<Stream> next;
    for (std::size_t i = 0; i < live.size(); ++i) {
      const Row& row = rows.rows[i];
      Decoded& d = out[live[i].state];
      live[i].at = std::move(rows.end[i]);
      d.tokens.push_back(row.drawn);
      d.logprob += row.drawn_logprob;
      d.log_weight += row.lz;
      d.ended = law_.is_end(row.drawn);
      if (law_.closes(t, row.drawn)) {
        if (!law_.counts(d.tokens.size())) d.log_weight = -kInf;
      } else {
        next.push_back(std::move(live[i]));
      }
    }
    live = std::move(next);
  }
  for (const Stream& s : live)
    out[s.state].log_weight = -kInf;  // neither ended nor cut by the horizon: no reply
  return {};
}

Status NoiseRelaxation::lift(std::span<const Token> x, const Uniforms& u, State& out) const {
  if (x.empty() || static_cast<int>(x.size()) > law_.horizon())
    return Error{Code::kInvalid, "1 to " + std::to_string(law_.horizon()) + " tokens",
                 std::to_string(x.size()), "NoiseRelaxation::lift", ""};
  const std::size_t n_vocab = density_.n_vocab();
  PONDER_ASSIGN(const Rows rows, whole_rows(density_, root_, law_, alpha_, x));
  out.eps.clear();
  std::vector<double> eps(n_vocab);
  for (std::size_t t = 0; t < static_cast<std::size_t>(law_.horizon()); ++t) {
    for (double& e : eps) e = normal(u());
    if (t < x.size()) condition_normals(rows.rows[t], alpha_, x[t], u(), eps);
    out.eps.insert(out.eps.end(), eps.begin(), eps.end());
  }
  return {};
}

// Updates the first-order effect on log w of changing one token, through the embeddings; for an end
// token, which cuts the reply, the effect is exact.
Status NoiseRelaxation::update_slopes(const Decoded& x) {
  if (slopes_.tokens == x.tokens) return {};
  slopes_.tokens.clear();  // stays empty if something fails below
  PONDER_ASSIGN(slopes_.rows, whole_rows(density_, root_, law_, alpha_, x.tokens));
  const std::span<const Token> reply = x.tokens;
  std::vector<ReplyGradient> g;
  PONDER_TRY(reply_slopes(density_, root_, law_, {.logprob = 0, .lz = 1, .alpha = alpha_},
                          {&reply, 1}, g));
  if (!g[0].finite)
    return Error{Code::kNumeric, "a finite force", "one that is not", "NoiseRelaxation::force", ""};
  slopes_.gain = std::move(g[0].slopes);
  std::vector<double> lz;
  for (const Row& r : slopes_.rows.rows) lz.push_back(r.lz);
  slopes_to_gain(x.tokens, lz, density_.end_tokens(), slopes_.gain);
  slopes_.tokens = x.tokens;
  return {};
}

Status NoiseRelaxation::force(const State& state, double kappa, double tau, std::vector<float>& out,
                              Decoded* text) {
  const State* one = &state;
  std::vector<Decoded> x;
  PONDER_TRY(decode({&one, 1}, x));
  if (text) *text = x[0];
  out.assign(state.eps.size(), 0.f);
  if (std::isinf(x[0].log_weight) || kappa == 0) return {};
  PONDER_TRY(update_slopes(x[0]));
  const std::size_t n_vocab = density_.n_vocab();
  std::vector<double> push(n_vocab);
  for (std::size_t t = 0; t < x[0].tokens.size(); ++t) {
    const auto eps = state.eps.begin() + static_cast<std::ptrdiff_t>(t * n_vocab);
    noise_force(slopes_.rows.rows[t], alpha_, std::span(slopes_.gain).subspan(t * n_vocab, n_vocab),
                std::vector<double>(eps, eps + static_cast<std::ptrdiff_t>(n_vocab)), kappa, tau,
                push);
    std::copy(push.begin(), push.end(), out.begin() + static_cast<std::ptrdiff_t>(t * n_vocab));
  }
  return {};
}

}  // namespace ponder
