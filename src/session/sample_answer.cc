// The summary of a run of chains, computed from its draws.
#include "session/sample_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "ponder/core/version.h"

namespace ponder {
namespace {

struct NamedDraws {
  std::string name;
  std::vector<std::vector<double>> draws;  // (chains, draws)
};
std::vector<NamedDraws> scalars(const Trace& t) {
  std::vector<NamedDraws> all;
  for (const Column& c : t.posterior) all.push_back({c.name, c.chains});
  NamedDraws length{"length", {}};
  for (const auto& chain : t.replies) {
    auto& draws = length.draws.emplace_back();
    for (const auto& reply : chain) draws.push_back(static_cast<double>(reply.size()));
  }
  all.insert(all.begin() + 1, std::move(length));
  return all;
}

double nested(const ChainsConfig& c, const NamedDraws& s) {
  const int k = c.superchains();
  return k < c.chains ? rhat_nested(s.draws, k) : NAN;
}

// Adds the program's options to the advice.
std::string advice(const SampleRequest& r, std::size_t n_replicas, const Verdict& v) {
  if (v.draws > 0)
    return fmt::format("{}: --draws {}{}", v.advice, v.draws,
                       r.checkpoint.empty() ? "" : " --resume");
  if (v.converged || r.chains.chains < 2) return v.advice;
  std::vector<std::string> flags;
  if (!r.kernel.starts_with("suffix:tries")) flags.emplace_back("--kernel suffix:tries=8");
  if (r.alpha > 1) flags.push_back(fmt::format("--alpha {:.3g}", std::max(r.alpha / 2, 1.)));
  flags.push_back(n_replicas > 1 ? fmt::format("--rungs {}", 2 * r.rungs)
                                 : "--kernel exchange+suffix");
  return fmt::format("{}, e.g. {}", v.advice, fmt::join(flags, " or "));
}

}  // namespace

Trace labelled_trace(const SampleAnswer& a) {
  Trace t = a.trace;
  t.attributes = {{"inference_library", "ponder"},
                  {"inference_library_version", std::string(kVersion)},
                  {"model", a.run.model->name()},
                  {"model_sha256", a.run.model->sha256()},
                  {"alpha", a.alpha},
                  {"kernel", a.kernel},
                  {"terms", a.terms},
                  {"target", std::string(to_string(a.run.target))},
                  {"seed", a.chains.seed},
                  {"sampling_time", a.run.seconds}};
  return t;
}

bool is_swap(const MoveCounts& m) { return m.name == "swap" && m.by_replica.size() > 1; }

double acceptance(std::span<const MoveCounts> moves) {
  std::int64_t n = 0, accepted = 0;
  for (const MoveCounts& m : moves) {
    n += m.n;
    accepted += m.n_accepted;
  }
  return n ? static_cast<double>(accepted) / static_cast<double>(n) : 0;
}

std::vector<std::pair<Reply, int>> counted_draws(const Trace& t) {
  std::map<std::vector<Token>, std::pair<Reply, int>> all;
  for (std::size_t c = 0; c < t.replies.size(); ++c)
    for (std::size_t d = 0; d < t.replies[c].size(); ++d) {
      auto& [reply, count] = all[t.replies[c][d]];
      ++count;
      reply.logprob = t.posterior[0].chains[c][d];
    }
  std::vector<std::pair<Reply, int>> out;
  for (auto& [tokens, x] : all) {
    x.first.tokens = tokens;
    out.push_back(std::move(x));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::pair(-a.second, -a.first.logprob) < std::pair(-b.second, -b.first.logprob);
  });
  return out;
}

SampleAnswer summary_of(const SampleRequest& r, const Chains& c) {
  SampleAnswer a;
  a.alpha = r.alpha;
  a.kernel = r.kernel;
  a.terms = r.terms.label();
  a.chains = c.config();
  a.draws = c.n_draws();
  a.complete = c.n_draws() >= r.draws;
  a.trace = c.trace();
  for (const NamedDraws& s : scalars(a.trace))
    a.scalars.push_back({s.name, summarise(s.draws), nested(a.chains, s)});
  a.moves.assign(c.moves().begin(), c.moves().end());
  a.acceptance = acceptance(a.moves);
  for (const Replica& replica : c.energy().replicas()) a.alphas.push_back(replica.alpha);
  for (const StepSize& s : c.step_sizes())
    a.steps.push_back({a.moves[s.move].name, std::string(s.name), *s.value});
  a.verdict = judge(a.trace);
  a.verdict.advice = advice(r, a.alphas.size(), a.verdict);
  return a;
}

}  // namespace ponder
