// Searches over tokens: draws, beams, particles, annealed chains, proof.
#include "search/methods.h"

#include <algorithm>
#include <limits>

#include "ponder/smc.h"
#include "search/stopping_density.h"

namespace ponder {
namespace {

Result<Found> run_draft(const Task& t) {
  DecodeConfig c{.temperature = 1, .seed = t.seed};
  PONDER_ASSIGN(std::vector<Reply> replies,
                decode(t.density, t.context, t.law, c, std::max(t.config.drafts, 1), t.budget));
  return Found{.replies = std::move(replies)};
}

// Beams of growing width.
Result<Found> run_beam(const Task& t) {
  constexpr int kFirst = 4, kGrowth = 4;
  const Clock clock(t.density, t.budget);
  Found found;
  for (int width = std::min(kFirst, t.config.beam);; width = std::min(kGrowth * width, t.config.beam)) {
    const Budget rest = clock.rest();
    PONDER_ASSIGN(const BeamResult r, beam_search(t.density, t.context, t.law, {.width = width}, rest));
    found.replies.insert(found.replies.end(), r.replies.begin(), r.replies.end());
    if (!r.replies.empty()) t.offer(r.replies[0]);
    if (width >= t.config.beam || clock.over()) return found;
  }
}

// Swarms one after the other, each of another seed.
Result<Found> run_smc(const Task& t) {
  constexpr double kAlpha = 4;
  constexpr SmcConfig kSwarm{.particles = 32};
  StoppingDensity density(t.density, t.budget);
  PONDER_ASSIGN(const Energy energy, Energy::make(density, t.context, t.law, {{.alpha = kAlpha}}));
  Found found;
  for (std::uint32_t k = 0; k == 0 || (!t.endless() && !density.over()); ++k) {
    const Result<SmcResult> r = power_smc(energy, 0, kSwarm, {}, *random_choices(t.seed, 0, k));
    if (!r.ok() && r.error().code == Code::kNumeric) continue;  // no particle ended
    if (!r.ok() && ends_search(r.status())) break;
    PONDER_TRY(r);
    for (std::size_t i = 0; i < r->replies.size(); ++i)
      if (r->log_weights[i] > -std::numeric_limits<double>::infinity()) {
        found.replies.push_back(r->replies[i]);
        t.offer(r->replies[i]);
      }
  }
  return found;
}

Result<Found> run_anneal(const Task& t) { return run_chains(t, default_stages()); }

Result<Found> run_prove(const Task& t) {
  if (!t.proof) {
    PONDER_ASSIGN(t.proof, BestFirst::make(t.density, t.context, t.law, t.config.best_first));
  }
  PONDER_TRY(t.proof->run(t.starts, t.budget, [&t](const Reply& best, const Certificate&) { t.offer(best); }));
  BestFirstResult r = t.proof->result();
  return Found{.replies = std::move(r.replies), .certificate = r.certificate};
}

}  // namespace

Result<Found> run_chains(const Task& t, std::vector<AnnealStage> stages) {
  constexpr int kCycles = 4;  // where no budget ends it
  AnnealConfig c{.stages = std::move(stages), .seed = t.seed, .progress = t.offer};
  if (t.endless()) c.cycles = kCycles;
  PONDER_ASSIGN(AnnealResult r, anneal(t.density, t.context, t.law, c, t.starts, t.budget));
  return Found{.replies = std::move(r.replies)};
}

const std::map<std::string, Method>& methods() {
  static const std::map<std::string, Method> all{{"anneal", {run_anneal, true}},
                                                 {"ascent", {run_ascent, true}},
                                                 {"ascent-noise", {run_ascent_noise, true}},
                                                 {"beam", {run_beam}},
                                                 {"draft", {run_draft}},
                                                 {"hmc", {run_hmc, true}},
                                                 {"hmc-token", {run_hmc_token, true}},
                                                 {"prove", {run_prove}},
                                                 {"smc", {run_smc}}};
  return all;
}

}  // namespace ponder
