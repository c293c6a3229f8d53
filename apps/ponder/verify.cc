// ponder sample --verify: the chains on the user's own model, restricted to a few ids and short replies, against the
// enumerated law. docs/methods.md#long-runs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "density/enumerate.h"
#include "output.h"
#include "ponder/diagnostics.h"
#include "sample.h"
#include "search/clock.h"

namespace ponder::app {
namespace {

constexpr int kIds = 5, kVerifyHorizon = 3;
constexpr double kFloor = 0.02;     // of TV: what sampling noise may leave
constexpr int kMostDraws = 20'000;  // of each chain

// The model's end of turn, and the ids that are about as probable as it is after the prompt: so that replies of every
// length have a share of the law. Among the likeliest ids an end would be next to impossible, all replies of one
// length, and a kernel that is wrong about lengths would pass.
std::vector<Token> small_vocabulary(Engine& e, const PrefixRef& root) {
  const Extend ask{.parent = root, .needs = {.draw = {.kind = Draw::Kind::kList}}};
  Rows rows;
  must(e.density->extend({&ask, 1}, rows));
  const Token end = e.text.tokenizer->end_of_turn().value_or(e.density->end_tokens().at(0));
  std::vector<TokenProb>& list = rows.rows[0].list;
  const auto of_end = std::find_if(list.begin(), list.end(), [&](const TokenProb& p) { return p.token == end; });
  const double level = of_end == list.end() ? list.back().logprob : of_end->logprob;
  std::erase_if(list, [&](const TokenProb& p) { return e.density->is_end(p.token); });
  std::stable_sort(list.begin(), list.end(), [&](const TokenProb& x, const TokenProb& y) {
    return std::abs(x.logprob - level) < std::abs(y.logprob - level);
  });
  std::vector<Token> ids;
  for (int k = 0; k < kIds && k < static_cast<int>(list.size()); ++k) ids.push_back(list[k].token);
  ids.push_back(end);
  return ids;
}

struct Fit {
  double tv = 0, floor = 0;
};

// TV of the draws to the law, beside what it is on average for as many independent draws as they are worth.
Fit fit(const Trace& t, const std::map<std::vector<Token>, double>& law) {
  std::map<std::vector<Token>, std::size_t> index;
  for (const auto& [reply, p] : law) index.emplace(reply, index.size());
  const std::size_t n_chains = t.replies.size(), n_draws = t.replies[0].size();
  Fit f;
  for (const auto& [reply, p] : law) {
    std::vector<std::vector<double>> is(n_chains);
    double share = 0;
    for (std::size_t c = 0; c < n_chains; ++c)
      for (const auto& x : t.replies[c]) {
        is[c].push_back(x == reply);
        share += is[c].back() / static_cast<double>(n_chains * n_draws);
      }
    const double ess = std::max(ess_mean(is), 1.);
    f.tv += std::abs(share - p) / 2;
    f.floor += std::sqrt(2 * p * (1 - p) / (M_PI * ess)) / 2;
  }
  return f;
}

}  // namespace

int verify_law(const SampleArgs& given, Engine& e, const std::vector<Token>& prompt) {
  SampleArgs a = given;
  const PrefixRef root = must(e.density->add_context(prompt));
  if (a.law.allowed.empty()) a.law.allowed = small_vocabulary(e, root);
  if (a.law.target == "ended") a.law.target = "truncated";  // an end within so few tokens may be next to impossible
  if (a.law.target == "fixed")
    a.law.length = kVerifyHorizon;
  else
    a.law.horizon = kVerifyHorizon;
  const ReplyLaw law = a.law.law(kVerifyHorizon, static_cast<int>(prompt.size()), *e.density);
  const Budget budget = a.budget.budget();
  const Clock clock(*e.density, budget);
  Sampler s(a, e, law, root, make_terms(a.terms, e, prompt, e.text.reply_text(prompt)));

  std::map<std::vector<Token>, double> target;
  double sum = 0;
  for (const Reply& r : must(enumerate_replies(*e.density, root, law))) {
    std::vector<ChainState> state;
    const Energy::Edit edit{.tail = r.tokens};
    must(s.energy.evaluate({&edit, 1}, state));
    state[0].replica = static_cast<int>(s.energy.replicas().size()) - 1;
    const double p = std::exp(-s.energy.energy(state[0]));
    if (p > 0) sum += target[r.tokens] = p;
  }
  for (auto& [reply, p] : target) p /= sum;

  Chains chains = must(Chains::start(
      s.energy, *s.kernel, {.chains = std::max(a.chains, 16), .warmup = a.warmup, .thin = a.thin, .seed = a.seed}));
  Fit f{1, 1};
  for (int next = 250; f.floor > kFloor && chains.n_draws() < kMostDraws && !clock.over(); next *= 2) {
    while (chains.n_draws() < next && !clock.over()) must(chains.step());
    if (chains.n_draws() >= 4) f = fit(chains.trace(), target);
  }
  const bool enough = f.floor <= kFloor, passed = enough && f.tv <= 2 * f.floor;
  const std::string verdict = passed   ? "PASS"
                              : enough ? "FAIL: these are no draws from the target"
                                       : "UNDECIDED: too few draws; give it more time";
  if (a.lines.json || a.lines.jsonl)
    write_line({{"passed", passed},
                {"tv", f.tv},
                {"floor", f.floor},
                {"replies", target.size()},
                {"draws", chains.n_draws() * chains.config().chains},
                {"alpha", a.alpha},
                {"kernel", a.kernel},
                {"allowed", a.law.allowed},
                {"seed", a.seed}});
  else
    write(
        fmt::format("{} replies enumerated ({} ids, up to {} tokens, {}), alpha {}, kernel {}\n"
                    "{} draws: TV {:.4f} to the law; {:.4f} is left by sampling noise alone\n{}\n",
                    target.size(), a.law.allowed.size(), kVerifyHorizon, a.law.target, a.alpha, a.kernel,
                    chains.n_draws() * chains.config().chains, f.tv, f.floor, verdict));
  flush();
  return passed ? 0 : 1;
}

}  // namespace ponder::app
