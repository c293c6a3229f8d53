// The methods over tokens: draws, beams, particles, annealed chains, proof.
#include "search/methods.h"

#include <algorithm>
#include <limits>

#include "ponder/core/spelling.h"
#include "ponder/search/smc.h"
#include "search/stopping_density.h"

namespace ponder {
namespace {

// Makes rounds of draws side by side until the wanted number is reached or the budget ends.
Result<Found> run_draft(const Task& t, int most) {
  constexpr int kAtOnce = 16;
  const Clock clock(t.density, t.budget);
  Found found;
  for (int round = 0; round * kAtOnce < most && (round == 0 || !clock.over()); ++round) {
    const DecodeConfig c{.temperature = 1, .seed = t.seed + round};
    const Budget rest = clock.rest();
    PONDER_ASSIGN(const auto replies,
                  decode(t.density, t.context, t.law, c, std::min(kAtOnce, most - round * kAtOnce),
                         rest, {}, t.offer));
    found.replies.insert(found.replies.end(), replies.begin(), replies.end());
  }
  return found;
}

Result<Run> make_draft(Settings& s) {
  int replies = 0;
  s.read("replies", 1, replies);
  PONDER_TRY(s.check());
  return Run([replies](const Task& t) {
    return run_draft(t, replies > 0 ? replies : std::max(t.config.drafts, 1));
  });
}

constexpr int kFirst = 4, kGrowth = 4;  // first width of the beams, and its growth factor

// Runs beams of growing width. A beam that is cut off before its replies are complete has found
// nothing, so a running beam may take all of the remaining budget, and a wider one begins only in
// the first half of the share.
Result<Found> run_beam(const Task& t, int first, int last) {
  const Clock share(t.density, t.budget), all(t.density, t.rest);
  Found found;
  for (int width = first;; width = std::min(kGrowth * width, last)) {
    const Budget rest = all.rest();
    PONDER_ASSIGN(const BeamResult r, beam_search(t.density, t.context, t.law,
                                                  {.width = width, .progress = t.offer}, rest));
    found.replies.insert(found.replies.end(), r.replies.begin(), r.replies.end());
    if (r.shorter) found.replies.push_back(*r.shorter);
    if (width >= last || share.spent() > 0.5 || all.over()) return found;
  }
}

Result<Run> make_beam(Settings& s) {
  int width = 0;
  s.read("width", 1, width);
  PONDER_TRY(s.check());
  return Run([width](const Task& t) {
    const int last = width > 0 ? width : t.config.beam;
    return run_beam(t, width > 0 ? width : std::min(kFirst, last), last);
  });
}

// Runs swarms one after the other, each with another seed.
Result<Found> run_smc(const Task& t, double alpha, SmcConfig swarm) {
  swarm.progress = t.offer;
  StoppingDensity density(t.density, t.budget);
  PONDER_ASSIGN(const Energy energy, Energy::make(density, t.context, t.law, {{.alpha = alpha}}));
  Found found;
  for (std::uint32_t k = 0; k == 0 || (!t.endless() && !density.over()); ++k) {
    const Result<SmcResult> r = power_smc(energy, 0, swarm, {}, *random_choices(t.seed, 0, k));
    if (!r.ok() && r.error().code == Code::kNumeric) continue;  // no particle ended
    if (!r.ok() && ends_search(r.status())) break;
    PONDER_TRY(r);
    for (std::size_t i = 0; i < r->replies.size(); ++i)
      if (r->log_weights[i] > -std::numeric_limits<double>::infinity())
        found.replies.push_back(r->replies[i]);
    for (const Reply& x : r->replies) t.offer(x);
  }
  return found;
}

Result<Run> make_smc(Settings& s) {
  double alpha = 4;
  SmcConfig swarm{.particles = 32};
  s.read_positive("alpha", alpha);
  s.read("particles", 1, swarm.particles);
  s.read("ess", 0., swarm.ess);
  s.read("ramp", 0, swarm.ramp);
  PONDER_TRY(s.check());
  return Run([alpha, swarm](const Task& t) { return run_smc(t, alpha, swarm); });
}

// Annealed chains of suffix moves, with or without slice moves of the noise in between.
Result<Run> make_anneal(Settings& s) {
  AnnealedChains c;
  int slice = 1;
  s.read("chains", 1, c.chains);
  s.read_word("slice", {"0", "1"}, slice);
  PONDER_TRY(s.check());
  c.stages = default_stages(slice == 1);
  return Run([c](const Task& t) { return run_chains(t, c); });
}

Result<Found> run_prove(const Task& t) {
  if (!t.proof) {
    PONDER_ASSIGN(t.proof, BestFirst::make(t.density, t.context, t.law, t.config.best_first));
  }
  PONDER_TRY(t.proof->run(t.starts, t.budget,
                          [&t](const Reply& best, const Certificate&) { t.offer(best); }));
  BestFirstResult r = t.proof->result();
  if (r.shorter) r.replies.push_back(*r.shorter);
  return Found{.replies = std::move(r.replies), .certificate = r.certificate};
}

Result<Run> make_prove(Settings& s) {
  PONDER_TRY(s.check());
  return Run(run_prove);
}

}  // namespace

Result<Found> run_chains(const Task& t, const AnnealedChains& chains) {
  constexpr int kCycles = 4;  // used where no budget ends the chains
  AnnealConfig c{
      .stages = chains.stages, .chains = chains.chains, .seed = t.seed, .progress = t.offer};
  if (t.endless()) c.cycles = kCycles;
  PONDER_ASSIGN(AnnealResult r, anneal(t.density, t.context, t.law, c, t.starts, t.budget));
  return Found{.replies = std::move(r.replies)};
}

const std::map<std::string, Method>& methods() {
  static const std::map<std::string, Method> all{{"anneal", {make_anneal, true}},
                                                 {"ascent", {make_ascent, true}},
                                                 {"ascent-noise", {make_ascent_noise, true}},
                                                 {"beam", {make_beam}},
                                                 {"draft", {make_draft}},
                                                 {"hmc", {make_hmc, true}},
                                                 {"hmc-token", {make_hmc_token, true}},
                                                 {"prove", {make_prove}},
                                                 {"smc", {make_smc}}};
  return all;
}

Result<Run> make_method(Settings& s) {
  const auto it = methods().find(s.name());
  if (it != methods().end()) return it->second.make(s);
  std::string known = "one of the methods";
  for (const std::string& name : think_methods()) known += " " + name;
  return Error{Code::kInvalid, known, s.name(), "method",
               did_you_mean(s.name(), think_methods(), 4)};
}

}  // namespace ponder
