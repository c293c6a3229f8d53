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
Result<MethodOutput> run_draft(const MethodInput& in, int most) {
  constexpr int kAtOnce = 16;
  const Clock clock(in.density, in.budget);
  MethodOutput out;
  for (int round = 0; round * kAtOnce < most && (round == 0 || !clock.over()); ++round) {
    const DecodeConfig c{.temperature = 1, .seed = in.seed + round};
    const Budget rest = clock.rest();
    PONDER_ASSIGN(const auto replies,
                  decode(in.density, in.context, in.law, c,
                         std::min(kAtOnce, most - round * kAtOnce), rest, {}, in.offer));
    out.replies.insert(out.replies.end(), replies.begin(), replies.end());
  }
  return out;
}

Result<MethodFunction> make_draft(Settings& s) {
  int replies = 0;
  s.read("replies", 1, replies);
  PONDER_TRY(s.check());
  return MethodFunction([replies](const MethodInput& in) {
    return run_draft(in, replies > 0 ? replies : std::max(in.config.drafts, 1));
  });
}

constexpr int kFirst = 4, kGrowth = 4;  // first width of the beams, and its growth factor

// Runs beams of growing width. A beam that is cut off before its replies are complete has found
// nothing, so a running beam may take all of the remaining budget, and a wider one begins only in
// the first half of the share.
Result<MethodOutput> run_beam(const MethodInput& in, int first, int last) {
  const Clock share(in.density, in.budget), all(in.density, in.rest);
  MethodOutput out;
  for (int width = first;; width = std::min(kGrowth * width, last)) {
    const Budget rest = all.rest();
    PONDER_ASSIGN(const BeamResult r, beam_search(in.density, in.context, in.law,
                                                  {.width = width, .progress = in.offer}, rest));
    out.replies.insert(out.replies.end(), r.replies.begin(), r.replies.end());
    if (r.shorter) out.replies.push_back(*r.shorter);
    if (width >= last || share.spent() > 0.5 || all.over()) return out;
  }
}

Result<MethodFunction> make_beam(Settings& s) {
  int width = 0;
  s.read("width", 1, width);
  PONDER_TRY(s.check());
  return MethodFunction([width](const MethodInput& in) {
    const int last = width > 0 ? width : in.config.beam;
    return run_beam(in, width > 0 ? width : std::min(kFirst, last), last);
  });
}

// Runs swarms one after the other, each with another seed.
Result<MethodOutput> run_smc(const MethodInput& in, double alpha, SmcConfig swarm) {
  swarm.progress = in.offer;
  StoppingDensity density(in.density, in.budget);
  PONDER_ASSIGN(const Energy energy, Energy::make(density, in.context, in.law, {{.alpha = alpha}}));
  MethodOutput out;
  for (std::uint32_t k = 0; k == 0 || (!in.budget.endless() && !density.over()); ++k) {
    const Result<SmcResult> r = power_smc(energy, 0, swarm, {}, *random_choices(in.seed, 0, k));
    if (!r.ok() && r.error().code == Code::kNumeric) continue;  // no particle ended
    if (!r.ok() && ends_search(r.status())) break;
    PONDER_TRY(r);
    for (std::size_t i = 0; i < r->replies.size(); ++i)
      if (r->log_weights[i] > -std::numeric_limits<double>::infinity())
        out.replies.push_back(r->replies[i]);
    for (const Reply& x : r->replies) in.offer(x);
  }
  return out;
}

Result<MethodFunction> make_smc(Settings& s) {
  double alpha = 4;
  SmcConfig swarm{.particles = 32};
  s.read_positive("alpha", alpha);
  s.read("particles", 1, swarm.particles);
  s.read("ess", 0., swarm.ess);
  s.read("ramp", 0, swarm.ramp);
  PONDER_TRY(s.check());
  return MethodFunction(
      [alpha, swarm](const MethodInput& in) { return run_smc(in, alpha, swarm); });
}

// Annealed chains of suffix moves, with or without slice moves of the noise in between.
Result<MethodFunction> make_anneal(Settings& s) {
  AnnealedChains c;
  int slice = 1;
  s.read("chains", 1, c.chains);
  s.read_word("slice", {"0", "1"}, slice);
  PONDER_TRY(s.check());
  c.stages = default_stages(slice == 1);
  return MethodFunction([c](const MethodInput& in) { return run_chains(in, c); });
}

Result<MethodOutput> run_prove(const MethodInput& in) {
  if (!in.proof) {
    PONDER_ASSIGN(in.proof, BestFirst::make(in.density, in.context, in.law, in.config.best_first));
  }
  PONDER_TRY(in.proof->run(in.starts, in.budget,
                           [&in](const Reply& best, const Certificate&) { in.offer(best); }));
  BestFirstResult r = in.proof->result();
  if (r.shorter) r.replies.push_back(*r.shorter);
  return MethodOutput{.replies = std::move(r.replies), .certificate = r.certificate};
}

Result<MethodFunction> make_prove(Settings& s) {
  PONDER_TRY(s.check());
  return MethodFunction(run_prove);
}

}  // namespace

Result<MethodOutput> run_chains(const MethodInput& in, const AnnealedChains& chains) {
  constexpr int kCycles = 4;  // used where no budget ends the chains
  AnnealConfig c{
      .stages = chains.stages, .chains = chains.chains, .seed = in.seed, .progress = in.offer};
  if (in.budget.endless()) c.cycles = kCycles;
  PONDER_ASSIGN(AnnealResult r, anneal(in.density, in.context, in.law, c, in.starts, in.budget));
  return MethodOutput{.replies = std::move(r.replies)};
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

Result<MethodFunction> make_method(Settings& s) {
  const auto it = methods().find(s.name());
  if (it != methods().end()) return it->second.make(s);
  std::string known = "one of the methods";
  for (const std::string& name : think_methods()) known += " " + name;
  return Error{Code::kInvalid, known, s.name(), "method",
               did_you_mean(s.name(), think_methods(), 4)};
}

}  // namespace ponder
