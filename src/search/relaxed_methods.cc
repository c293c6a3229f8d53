// The methods that relax a reply, move it by gradients and take the argmax: ascent and Hamiltonian
// chains in token space and in noise space. docs/methods.md#relaxations.
#include <algorithm>
#include <utility>

#include "mcmc/hmc.h"
#include "mcmc/kernel_part.h"
#include "ponder/search/ascent.h"
#include "search/methods.h"
#include "search/stopping_density.h"

namespace ponder {
namespace {

constexpr int kCandidates = 16;

/// A reply and its neighbours: at each position its token and the most likely tokens given the
/// tokens before. The length does not change: only the last position, which is frozen, has an end
/// token.
struct Lists {
  int m = 0;
  std::vector<Token> candidates{};  // (n, m)
  std::vector<bool> frozen{};       // (n)
};

Result<Lists> lists_around(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                           const std::vector<Token>& x) {
  const int most = kCandidates + static_cast<int>(d.end_tokens().size());
  const Extend ask{.parent = context,
                   .tokens = x,
                   .rows = RowSet::kTargets,
                   .needs = {.draw = {.kind = Draw::Kind::kList, .max_items = most}},
                   .masks = law.masks(x.size())};
  Rows rows;
  PONDER_TRY(d.extend({&ask, 1}, rows));
  std::vector<std::vector<Token>> all;
  std::size_t m = kCandidates;
  Lists out;
  for (std::size_t t = 0; t < x.size(); ++t) {
    std::vector<Token> list{x[t]};
    for (const TokenProb& v : rows.rows[t].list)
      if (v.token != x[t] && !law.is_end(v.token) && list.size() < kCandidates)
        list.push_back(v.token);
    out.frozen.push_back(law.is_end(x[t]) || list.size() == 1);
    if (list.size() > 1) m = std::min(m, list.size());
    all.push_back(std::move(list));
  }
  // Where there is no choice, the list is filled with tokens that the frozen position never takes.
  for (std::vector<Token>& list : all)
    for (Token v = 0; list.size() < m; ++v)
      if (std::find(list.begin(), list.end(), v) == list.end()) list.push_back(v);
  out.m = static_cast<int>(m);
  for (const auto& list : all)
    out.candidates.insert(out.candidates.end(), list.begin(),
                          list.begin() + static_cast<std::ptrdiff_t>(m));
  return out;
}

// Calls fn(start, seed) for each start in turn, repeatedly while the budget lasts, or once without
// a budget.
template <class F>
Status for_starts(const MethodInput& in, const StoppingDensity& density, const F& fn) {
  for (std::uint64_t round = 0; round == 0 || !in.budget.endless(); ++round)
    for (const Reply& start : in.starts) {
      if (density.over()) return {};
      PONDER_TRY(fn(start, in.seed + round));
    }
  return {};
}

Result<MethodOutput> run_ascent(const MethodInput& in, const AscentConfig& config) {
  MethodOutput out;
  if (in.starts.empty()) return out;
  StoppingDensity density(in.density, in.budget);
  const auto score = make_language_score(density, in.context, in.law);
  double relaxed = -std::numeric_limits<double>::infinity();
  const auto climb = [&](const Reply& start, std::uint64_t seed) -> Status {
    PONDER_ASSIGN(const Lists l, lists_around(density, in.context, in.law, start.tokens));
    for (const auto kind :
         {TokenRelaxation::Kind::kStraightThrough, TokenRelaxation::Kind::kSoftmax}) {
      AscentConfig c = config;
      c.relaxation = kind;
      c.seed = seed;
      const auto reply = [&](const std::vector<Token>& x, double f) {
        return Reply{x, f, in.law.is_end(x.back())};
      };
      c.progress = [&](const std::vector<Token>& best, double f) { in.offer(reply(best, f)); };
      PONDER_ASSIGN(const AscentResult r,
                    ascend(*score, start.tokens, l.candidates, l.m, l.frozen, c));
      out.replies.push_back(reply(r.best, r.f));
      // A straight-through value is that of a discrete reply, so only mixtures have a gap.
      if (kind != TokenRelaxation::Kind::kSoftmax || !(r.relaxed > relaxed)) continue;
      relaxed = r.relaxed;
      out.gap = r.gap;
    }
    return {};
  };
  if (Status s = for_starts(in, density, climb); !s.ok() && !ends_search(s)) return s.error();
  return out;
}

Result<MethodOutput> run_ascent_noise(const MethodInput& in, const NoiseAscentConfig& config) {
  MethodOutput out;
  if (in.starts.empty()) return out;
  StoppingDensity density(in.density, in.budget);
  const auto climb = [&](const Reply& start, std::uint64_t seed) -> Status {
    NoiseAscentConfig c = config;
    c.seed = seed;
    c.progress = in.offer;
    PONDER_ASSIGN(const NoiseAscentResult r, ascend_noise(density, in.context, in.law, start, c));
    out.replies.push_back(r.best);
    return {};
  };
  if (Status s = for_starts(in, density, climb); !s.ok() && !ends_search(s)) return s.error();
  return out;
}

// Chains of one kernel at exponents up to `highest`.
Result<MethodFunction> make_chains(Settings& s, KernelSpec::Part kernel, double highest) {
  AnnealedChains c{.stages = stages_of(KernelSpec({std::move(kernel)}), highest)};
  s.read("chains", 1, c.chains);
  PONDER_TRY(s.check());
  return MethodFunction([c](const MethodInput& in) { return run_chains(in, c); });
}

}  // namespace

Result<MethodFunction> make_ascent(Settings& s) {
  AscentConfig c;
  s.read("chains", 1, c.chains);
  s.read("steps", 1, c.steps);
  s.read_positive("rate", c.rate);
  PONDER_TRY(s.check());
  return MethodFunction([c](const MethodInput& in) { return run_ascent(in, c); });
}

Result<MethodFunction> make_ascent_noise(Settings& s) {
  NoiseAscentConfig c;
  s.read_positive("alpha", c.alpha);
  s.read("steps", 1, c.steps);
  s.read_positive("rate", c.rate);
  PONDER_TRY(s.check());
  return MethodFunction([c](const MethodInput& in) { return run_ascent_noise(in, c); });
}

Result<MethodFunction> make_hmc(Settings& s) {
  constexpr double kHighest = 64;
  HmcConfig c{.angle = 0.4, .force = 0.5, .tune = false};
  s.read("steps", 1, c.steps);
  s.read_positive("angle", c.angle);
  s.read("force", 0., c.force);
  return make_chains(s, kernel_part<HmcKernel>(c), kHighest);
}

Result<MethodFunction> make_hmc_token(Settings& s) {
  constexpr double kHighest = 1000;
  HmcTokenConfig c{.force = 1, .tune = false};
  s.read("steps", 1, c.steps);
  s.read_positive("step", c.step);
  s.read("force", 0., c.force);
  return make_chains(s, kernel_part(c), kHighest);
}

}  // namespace ponder
