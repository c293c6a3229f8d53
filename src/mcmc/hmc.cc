// The trajectories of all chains run in step; their decodes and gradients are batches.
#include "mcmc/hmc.h"

#include <cmath>
#include <map>
#include <numbers>

#include "energy/noise_rows.h"
#include "energy/whole_replies.h"

namespace ponder {

Status GainTables::add(std::span<const ChainState* const> states) {
  return tables_.add(states, [this](auto missing, auto& out) { return compute(missing, out); });
}

Status GainTables::compute(std::span<const ChainState* const> states,
                           std::vector<std::vector<float>>& out) const {
  out.assign(states.size(), {});
  std::map<int, std::vector<std::size_t>> by_replica;  // each replica has its own objective
  for (std::size_t k = 0; k < states.size(); ++k)
    if (states[k]->supported) by_replica[states[k]->replica].push_back(k);
  for (const auto& [replica, indices] : by_replica) {
    std::vector<std::span<const Token>> replies;
    for (std::size_t k : indices) replies.emplace_back(states[k]->tokens);
    std::vector<ReplyGradient> g;
    const double alpha = energy_.replicas()[replica].alpha;
    PONDER_TRY(reply_slopes(energy_.density(), energy_.context(), energy_.law(),
                            {.logprob = 0, .lz = 1, .alpha = alpha}, replies, g));
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (!g[i].finite) continue;
      const ChainState& s = *states[indices[i]];
      slopes_to_gain(s.tokens, s.lz, energy_.density().end_tokens(), g[i].slopes);
      out[indices[i]] = std::move(g[i].slopes);
    }
  }
  return {};
}

Status leapfrog(const Energy& e, const HmcConfig& c, GainTables& gains,
                std::span<NoisePath* const> paths, std::span<KnownReply* const> at) {
  const auto kick = [&](double step) -> Status {
    std::vector<const ChainState*> texts;
    for (const KnownReply* r : at) texts.push_back(&r->state);
    PONDER_TRY(gains.add(texts));
    for (std::size_t i = 0; i < paths.size(); ++i)
      if (const auto gain = gains.of(at[i]->state); !gain.empty())
        paths[i]->kick(*at[i], gain, c.force * step, c.tau);
    return {};
  };
  PONDER_TRY(kick(c.angle / 2));
  for (int k = 1; k <= c.steps; ++k) {
    for (NoisePath* p : paths) p->rotate(c.angle);
    std::vector<ChainState> next;
    PONDER_TRY(decode(e, paths, std::vector<const KnownReply*>(at.begin(), at.end()), next));
    for (std::size_t i = 0; i < at.size(); ++i)
      if (next[i].tokens != at[i]->state.tokens) *at[i] = {std::move(next[i]), at[i]->from};
    PONDER_TRY(know_rows(e, at));
    // the second half kick, and the first one of the next rotation
    PONDER_TRY(kick(k < c.steps ? c.angle : c.angle / 2));
  }
  return {};
}

// A quarter of a turn replaces the old noise completely; a larger angle turns back towards it.
std::vector<StepSize> HmcKernel::step_sizes() {
  if (!config_.tune) return {};
  return {{.move = 0,
           .name = "angle",
           .value = &config_.angle,
           .acceptance = StepSize::kTrajectory,
           .most = std::numbers::pi / 2 / config_.steps}};
}

Status HmcKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                       std::span<StepInfo> infos) const {
  std::vector<NoiseMove> moves;
  PONDER_TRY(begin_noise_moves(energy_, config_.block, chains, choices, infos, moves));
  std::vector<KnownReply> at;
  std::vector<NoisePath*> paths;
  std::vector<KnownReply*> now;
  std::vector<ChainState> proposed(moves.size());
  for (NoiseMove& m : moves) paths.push_back(&m.path), now.push_back(&m.reply);
  if (config_.force == 0) {  // all rotations together are one rotation
    for (NoisePath* p : paths) p->rotate(config_.steps * config_.angle);
    PONDER_TRY(
        decode(energy_, paths, std::vector<const KnownReply*>(now.begin(), now.end()), proposed));
  } else {
    PONDER_TRY(leapfrog(energy_, config_, gains_, paths, now));
    for (std::size_t i = 0; i < moves.size(); ++i) proposed[i] = std::move(moves[i].reply.state);
  }
  for (std::size_t i = 0; i < moves.size(); ++i) {
    const NoiseMove& m = moves[i];
    StepInfo& info = infos[m.chain];
    info.n_proposed = 1;
    info.log_acceptance =
        log_weight(energy_, proposed[i], m.reply.from) - m.log_w - m.path.energy_change();
    info.numeric = std::isnan(info.log_acceptance);
    info.accepted = choices[m.chain]->accept(info.log_acceptance);
    if (info.accepted) chains[m.chain] = std::move(proposed[i]);
  }
  if (config_.force != 0) gains_.keep(chains);
  return {};
}

}  // namespace ponder
