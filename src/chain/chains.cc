// Chains step together: one call of the kernel moves all of them. Randomness is counted by (seed,
// chain, step), so that a stopped run continues with the draws that it would have made.
#include "ponder/chains/chains.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/edit_distance.h"
#include "chain/run_ahead.h"

namespace ponder {
namespace {

constexpr int kStartTries = 200;
enum Stat { kLp, kEnergy, kAcceptance };

Trace empty_trace(const Energy& e, int n_chains) {
  Trace t;
  t.posterior = {
      {.name = "logprob", .description = "log p of the reply, nats"},
      {.name = "distance", .description = "token edits from the first reply", .integer = true}};
  for (const auto& term : e.terms())
    t.posterior.push_back(
        {.name = std::string(term->name()), .description = "R of this term, nats"});
  t.sample_stats = {
      {.name = "lp", .description = "log of the target's density, up to a constant, nats"},
      {.name = "energy", .description = "U, nats"},
      {.name = "acceptance_rate", .description = "share of moves accepted since the last draw"}};
  t.replies.resize(n_chains);
  for (auto* columns : {&t.posterior, &t.sample_stats})
    for (Column& c : *columns) c.chains.resize(n_chains);
  return t;
}

// Takes replies and values of columns; names do not change.
void take_values(Trace& from, Trace& to) {
  for (std::size_t i = 0; i < from.posterior.size(); ++i)
    to.posterior[i].chains = std::move(from.posterior[i].chains);
  for (std::size_t i = 0; i < from.sample_stats.size(); ++i)
    to.sample_stats[i].chains = std::move(from.sample_stats[i].chains);
  to.replies = std::move(from.replies);
}

// True if the recorded part of `s` can be continued in `c`. Before the first draw a snapshot from a
// file has no columns.
bool same_shape(const ChainsSnapshot& s, const ChainsSnapshot& c) {
  const bool empty = s.trace.posterior.empty() && s.trace.sample_stats.empty();
  return s.moves.size() == c.moves.size() && s.acceptance.size() == c.acceptance.size() &&
         std::equal(s.moves.begin(), s.moves.end(), c.moves.begin(),
                    [](const auto& a, const auto& b) {
                      return a.by_replica.size() == b.by_replica.size();
                    }) &&
         s.trace.replies.size() == c.trace.replies.size() &&
         (empty || (s.trace.posterior.size() == c.trace.posterior.size() &&
                    s.trace.sample_stats.size() == c.trace.sample_stats.size()));
}

}  // namespace

Chains::Chains(const Energy& e, Kernel& k, const ChainsConfig& c, std::vector<Token> first)
    : energy_(&e), kernel_(&k), config_(c), first_(std::move(first)), adaptation_(k) {}
Chains::Chains(Chains&&) noexcept = default;
Chains& Chains::operator=(Chains&&) noexcept = default;
Chains::~Chains() = default;

int ChainsConfig::superchains() const {
  constexpr int kMany = 16;
  if (chains < kMany) return chains;
  int k = static_cast<int>(std::sqrt(chains));
  while (chains % k != 0) --k;
  return k > 1 ? k : chains;
}

// Makes states without replies and an empty record.
Status Chains::begin() {
  if (config_.chains < 1 || config_.thin < 1 || config_.warmup < 0)
    return Error{Code::kInvalid, "at least one chain, and one step a draw",
                 std::to_string(config_.chains) + " chains, " + std::to_string(config_.thin) +
                     " steps a draw",
                 "configuration of the chains", ""};
  const int group = kernel_->group();
  states_.resize(n_states());
  for (int s = 0; s < n_states(); ++s) states_[s].replica = group > 1 ? s % group : 0;
  kept_.acceptance.assign(config_.chains, 0);
  for (const std::string& name : kernel_->moves())
    kept_.moves.push_back({.name = name, .by_replica = std::vector<MoveCounts::Count>(group)});
  kept_.trace = empty_trace(*energy_, config_.chains);
  return {};
}

// All states of a chain's ladder begin at its start.
Status Chains::begin_at(const std::vector<std::vector<Token>>& starts) {
  if (static_cast<int>(starts.size()) != config_.chains)
    return Error{Code::kInvalid, std::to_string(config_.chains) + " starts, one a chain",
                 std::to_string(starts.size()), "starts of chains", ""};
  std::vector<Energy::Edit> edits;
  for (int s = 0; s < n_states(); ++s) edits.push_back({.tail = starts[s / kernel_->group()]});
  std::vector<ChainState> states;
  PONDER_TRY(energy_->evaluate(edits, states));
  for (int s = 0; s < n_states(); ++s) {
    states[s].replica = states_[s].replica;
    if (!std::isfinite(energy_->energy(states[s])))
      return Error{Code::kInvalid, "a start that the target allows", "one that it forbids",
                   "start of chain " + std::to_string(s / kernel_->group()), ""};
  }
  states_ = std::move(states);
  return {};
}

Result<Chains> Chains::start(const Energy& e, Kernel& k, const ChainsConfig& config,
                             std::vector<Token> first,
                             const std::vector<std::vector<Token>>& starts) {
  Chains c(e, k, config, std::move(first));
  PONDER_TRY(c.begin());
  if (!starts.empty()) {
    PONDER_TRY(c.begin_at(starts));
    return c;
  }
  const StepChoices all(config.seed, c.states_.size(), 0);
  const std::size_t group = k.group(), size = group * (config.chains / config.superchains());
  std::vector<Choices*> choices;
  std::vector<ChainState> firsts;  // of each superchain
  for (std::size_t s = 0; s < c.states_.size(); ++s)
    if (s % size < group) choices.push_back(&all[s]), firsts.push_back(c.states_[s]);
  PONDER_TRY(draw_starts(e, choices, kStartTries, firsts));
  for (std::size_t s = 0; s < c.states_.size(); ++s)
    c.states_[s] = firsts[s / size * group + s % group];
  return c;
}

Result<Chains> Chains::resume(const Energy& e, Kernel& k, const ChainsConfig& config,
                              ChainsSnapshot s, std::vector<Token> first) {
  Chains c(e, k, config, std::move(first));
  PONDER_TRY(c.begin());
  if (!same_shape(s, c.kept_) || s.replies.size() != c.states_.size() ||
      s.averages.size() != c.adaptation_.state().size())
    return Error{Code::kInvalid, "a snapshot of the same chains", "one of others", "Chains::resume",
                 ""};
  std::vector<Energy::Edit> edits;
  for (std::vector<Token>& reply : s.replies) edits.push_back({.tail = std::move(reply)});
  std::vector<ChainState> states;
  PONDER_TRY(e.evaluate(edits, states));
  for (std::size_t i = 0; i < states.size(); ++i) {
    states[i].replica = c.states_[i].replica;
    c.states_[i] = std::move(states[i]);
  }
  c.adaptation_.restore(s.averages);
  if (s.step >= static_cast<std::uint64_t>(config.warmup)) c.adaptation_.freeze();
  take_values(s.trace, c.kept_.trace);
  for (std::size_t m = 0; m < s.moves.size(); ++m) s.moves[m].name = c.kept_.moves[m].name;
  s.trace = std::move(c.kept_.trace);
  c.kept_ = std::move(s);
  c.kept_.replies.clear();
  return c;
}

ChainsSnapshot Chains::snapshot() const {
  ChainsSnapshot s = kept_;
  for (const ChainState& state : states_) s.replies.push_back(state.tokens);
  s.averages = adaptation_.state();
  return s;
}

Status Chains::step_together(std::span<StepInfo> infos) {
  const StepChoices choices(config_.seed, states_.size(),
                            static_cast<std::uint32_t>(kept_.step + 1));
  return kernel_->step(states_, choices.all(), infos);
}

Status Chains::step_ahead(std::uint64_t n_left, std::span<StepInfo> infos) {
  if (!ahead_) ahead_ = RunAhead::make(*kernel_, states_, config_.seed, kept_.step);
  if (!ahead_) return step_together(infos);
  Status s = ahead_->step(kept_.step + n_left, states_, infos);
  if (!s.ok()) ahead_.reset();
  return s;
}

Status Chains::step(std::uint64_t n_left) {
  std::vector<StepInfo> infos(kept_.moves.size() * states_.size());
  PONDER_TRY(n_left > 1 || ahead_ ? step_ahead(n_left, infos) : step_together(infos));
  const bool was_warming_up = warming_up();
  ++kept_.step;
  if (was_warming_up) {
    adaptation_.update(infos);
    if (!warming_up()) adaptation_.freeze();
    return {};
  }
  count(infos);
  if ((kept_.step - config_.warmup) % config_.thin == 0) record();
  return {};
}

void Chains::count(std::span<const StepInfo> infos) {
  const std::size_t group = kernel_->group();
  for (std::size_t m = 0; m < kept_.moves.size(); ++m)
    for (std::size_t s = 0; s < states_.size(); ++s) {
      const StepInfo& info = infos[m * states_.size() + s];
      if (info.n_proposed == 0) continue;
      MoveCounts& move = kept_.moves[m];
      ++move.n;
      move.n_accepted += info.accepted;
      move.n_numeric += info.numeric;
      const auto add = [&info](MoveCounts::Count& c) { ++c.n, c.n_accepted += info.accepted; };
      add(move.by_replica[s % group]);
      if (info.position < 0) continue;
      if (move.at.size() <= static_cast<std::size_t>(info.position))
        move.at.resize(info.position + 1);
      add(move.at[info.position]);
    }
  for (std::size_t c = 0; c < kept_.acceptance.size(); ++c) {
    const std::size_t s = c * group + group - 1;
    double accepted = 0;
    for (std::size_t m = 0; m < kept_.moves.size(); ++m)
      accepted += infos[m * states_.size() + s].accepted;
    kept_.acceptance[c] += accepted / static_cast<double>(kept_.moves.size());
  }
}

void Chains::record() {
  const int group = kernel_->group();
  Trace& t = kept_.trace;
  for (int c = 0; c < config_.chains; ++c) {
    const ChainState& s = states_[c * group + group - 1];
    t.replies[c].push_back(s.tokens);
    t.posterior[0].chains[c].push_back(s.logprob);
    t.posterior[1].chains[c].push_back(edit_distance<Token>(s.tokens, first_));
    for (std::size_t k = 0; k < s.terms.size(); ++k)
      t.posterior[2 + k].chains[c].push_back(s.terms[k]);
    const double energy = energy_->energy(s);
    t.sample_stats[kLp].chains[c].push_back(-energy);
    t.sample_stats[kEnergy].chains[c].push_back(energy);
    t.sample_stats[kAcceptance].chains[c].push_back(kept_.acceptance[c] / config_.thin);
    kept_.acceptance[c] = 0;
  }
}

}  // namespace ponder
