// Power SMC on one swarm; systematic resampling: Kitagawa 1996.
#include "ponder/search/smc.h"

#include <cmath>
#include <limits>
#include <string>

#include "base/log_sum_exp.h"
#include "mcmc/particles.h"
#include "search/clock.h"

namespace ponder {
namespace {

std::vector<int> systematic(const Swarm& s) {
  const int n = static_cast<int>(s.states.size());
  const double lse = log_sum_exp(s.log_weights), u = s.choices->uniform();
  std::vector<int> from;
  double cdf = 0;
  for (int k = 0; k < n; ++k) {
    cdf += std::exp(s.log_weights[k] - lse);
    while (static_cast<int>(from.size()) < n && (u + static_cast<double>(from.size())) / n < cdf)
      from.push_back(k);
  }
  // rounding left the sum of weights below 1
  while (static_cast<int>(from.size()) < n) from.push_back(n - 1);
  return from;
}

// Reports the likeliest reply among the particles if it is likelier than `told`.
void tell(const Energy& e, const Swarm& s, const SmcConfig& c, double& told) {
  for (const ChainState& x : s.states) {
    if (!e.law().is_reply(x.tokens)) continue;
    double f = 0;
    for (double lp : x.logprobs) f += lp;
    if (!(f > told)) continue;
    told = f;
    c.progress({x.tokens, f, e.law().is_end(x.tokens.back())});
  }
}

Error bad(const std::string& expected, const std::string& got) {
  return {Code::kInvalid, expected, got, "power SMC", ""};
}

}  // namespace

Result<SmcResult> power_smc(const Energy& e, int replica, const SmcConfig& c, const Budget& budget,
                            Choices& choices) {
  if (c.particles < 1) return bad("at least 1 particle", std::to_string(c.particles));
  if (!(c.ess >= 0 && c.ess <= 1)) return bad("an ess from 0 to 1", std::to_string(c.ess));
  if (c.ramp < 0) return bad("a ramp of at least 0 tokens", std::to_string(c.ramp));
  const ParticlesConfig particles{.n = c.particles, .ess = c.ess, .ramp = c.ramp};
  Swarm s = make_swarm(e, particles, replica, &choices);
  const Clock clock(e.density(), budget);
  double told = -std::numeric_limits<double>::infinity();
  const auto over = [&] {  // called before each position
    if (c.progress) tell(e, s, c, told);
    return clock.over();
  };
  PONDER_ASSIGN(const bool completed, run_swarms(e, particles, systematic, {&s, 1}, over));
  const double lse = log_sum_exp(s.log_weights);
  if (!std::isfinite(lse) && !completed)
    return Error{Code::kResource, "a budget that lets a particle end", "one that was over before",
                 "power SMC", ""};
  if (!std::isfinite(lse))
    return Error{Code::kNumeric, "a particle that is a reply of the target",
                 "none of " + std::to_string(c.particles), "power SMC",
                 "raise the horizon or the number of particles"};
  SmcResult out{.log_z = s.log_z + lse - std::log(c.particles),
                .n_resampled = s.n_resampled,
                .completed = completed};
  double squares = 0;
  for (int k = 0; k < c.particles; ++k) {
    const ChainState& x = s.states[k];
    out.replies.push_back(
        {x.tokens, x.logprob, !x.tokens.empty() && e.law().is_end(x.tokens.back())});
    out.log_weights.push_back(s.log_weights[k] - lse);
    squares += std::exp(2 * out.log_weights.back());
  }
  out.ess = 1 / squares;
  return out;
}

}  // namespace ponder
