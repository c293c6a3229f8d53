// Each round draws one token of every open particle, updates its weight, and resamples where
// weights have become unequal.
#include "mcmc/particles.h"

#include <cmath>

#include "base/log_sum_exp.h"

namespace ponder {
namespace {

// The exponent a_t that weights the first t tokens; a_T is below alpha where the ramp is longer
// than the horizon.
double exponent(const ParticlesConfig& c, double alpha, int t) {
  return t >= c.ramp ? alpha : 1 + (alpha - 1) * t / c.ramp;
}

// A rise of the exponent changes the weights of all earlier tokens, also in ended particles.
void raise(Swarm& s, double by) {
  if (by == 0) return;
  for (std::size_t k = 0; k < s.states.size(); ++k) {
    double f = 0;
    for (double lp : s.states[k].logprobs) f += lp;
    s.log_weights[k] += by * f;
  }
}

double ess(std::span<const double> log_weights) {
  std::vector<double> twice;
  for (double w : log_weights) twice.push_back(2 * w);
  return std::exp(2 * log_sum_exp(log_weights) - log_sum_exp(twice));
}

void resample(Swarm& s, const Resample& ancestors) {
  const std::vector<int> from = ancestors(s);
  std::vector<ChainState> states;
  for (int k : from) states.push_back(s.states[k]);
  s.states = std::move(states);
  s.log_z += log_sum_exp(s.log_weights) - std::log(static_cast<double>(from.size()));
  s.log_weights.assign(from.size(), 0);
  ++s.n_resampled;
}

// After the last token: adds the rest of the ramp and the terms, and sets the weight of strings
// that are no reply to 0.
Status finish(const Energy& e, const ParticlesConfig& c, int t, Swarm& s) {
  const double alpha = e.alpha(s.states[0]);
  raise(s, alpha - exponent(c, alpha, t));
  PONDER_TRY(e.finish(s.states));
  for (std::size_t k = 0; k < s.states.size(); ++k) {
    ChainState& x = s.states[k];
    if (c.ramp > 0) x.lz.clear();  // lz has a different exponent at every position
    s.log_weights[k] += x.supported ? e.bias(x) : -INFINITY;
  }
  return {};
}

}  // namespace

Swarm make_swarm(const Energy& e, const ParticlesConfig& c, int replica, Choices* choices,
                 const ChainState* pinned) {
  ChainState empty;
  empty.replica = replica;
  empty.lz_alpha = e.replicas()[replica].alpha;
  empty.node = e.context();
  return {.states = std::vector<ChainState>(c.n, empty),
          .log_weights = std::vector<double>(c.n, 0),
          .choices = choices,
          .pinned = pinned};
}

Result<bool> run_swarms(const Energy& e, const ParticlesConfig& c, const Resample& ancestors,
                        std::span<Swarm> swarms, const std::function<bool()>& over) {
  std::vector<Swarm*> running;
  for (Swarm& s : swarms) running.push_back(&s);
  for (int t = 0; !running.empty(); ++t) {
    if (over && over()) {
      for (Swarm* s : running) PONDER_TRY(finish(e, c, t, *s));
      return false;
    }
    std::vector<TokenDraw> draws;
    std::vector<double*> weights;
    std::vector<Swarm*> next;
    for (Swarm* s : running) {
      const double alpha = e.alpha(s->states[0]), a = exponent(c, alpha, t + 1);
      const std::size_t before = draws.size();
      for (std::size_t k = 0; k < s->states.size(); ++k) {
        if (!unfinished(e, s->states[k])) continue;
        draws.push_back({&s->states[k], a, s->choices, k == 0 ? s->pinned : nullptr});
        weights.push_back(&s->log_weights[k]);
      }
      if (draws.size() == before) {
        PONDER_TRY(finish(e, c, t, *s));
        continue;
      }
      raise(*s, a - exponent(c, alpha, t));
      next.push_back(s);
    }
    running = std::move(next);
    PONDER_TRY(draw_tokens(e, draws));
    for (std::size_t k = 0; k < draws.size(); ++k) {
      const ChainState& x = *draws[k].state;
      const bool lost = e.law().closes(t, x.tokens.back()) && !e.law().counts(x.tokens.size());
      *weights[k] += lost ? -INFINITY : x.lz.back();
    }
    for (Swarm* s : running)
      if (ess(s->log_weights) < c.ess * c.n) resample(*s, ancestors);
  }
  return true;
}

}  // namespace ponder
