// The exponents of the stages are replicas of one energy: a chain is annealed by moving it from one
// replica to the next, which kernels need not know.
#include "ponder/search/anneal.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "mcmc/kernel_part.h"
#include "mcmc/slice.h"
#include "mcmc/suffix.h"
#include "search/stopping_density.h"

namespace ponder {
namespace {

constexpr double kAscent = 1000;  // alpha: a loss of 0.01 nats is accepted once in e^10 proposals
constexpr int kStartTries = 8;

class Annealer {
 public:
  Annealer(const Energy& e, const AnnealConfig& c)
      : energy_(e), config_(c), chains_(c.chains), best_(c.chains) {}
  Status make_kernels();
  Status start(std::span<const Reply>);
  bool started() const { return started_; }
  Status step(std::size_t stage);
  AnnealResult result() const;

 private:
  StepChoices choices() const {
    return {config_.seed, chains_.size(), static_cast<std::uint32_t>(steps_)};
  }
  void keep();

  const Energy& energy_;
  const AnnealConfig& config_;
  std::vector<std::shared_ptr<Kernel>> kernels_{};  // of each stage
  std::vector<ChainState> chains_;
  std::vector<Reply> best_;  // of each chain
  std::int64_t steps_ = 0;
  bool started_ = false;
};

Status Annealer::make_kernels() {
  const auto& stages = config_.stages;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const auto same = [&](const AnnealStage& other) { return other.kernel == stages[s].kernel; };
    const auto first =
        static_cast<std::size_t>(std::find_if(stages.begin(), stages.end(), same) - stages.begin());
    if (first == s) {
      PONDER_ASSIGN(auto kernel, stages[s].kernel.make(energy_));
      kernels_.push_back(std::move(kernel));
    } else {
      kernels_.push_back(kernels_[first]);
    }
  }
  return {};
}

Status Annealer::start(std::span<const Reply> replies) {
  std::vector<const Reply*> usable;
  for (const Reply& r : replies)
    if (energy_.law().is_reply(r.tokens)) usable.push_back(&r);
  if (usable.empty()) {
    Status s = draw_starts(energy_, choices().all(), kStartTries, chains_);
    std::erase_if(chains_, [](const ChainState& x) { return x.tokens.empty(); });
    if (!s.ok() && (chains_.empty() || s.error().code != Code::kNumeric)) return s;
  } else {
    std::vector<Energy::Edit> edits;
    for (std::size_t c = 0; c < chains_.size(); ++c)
      edits.push_back({.tail = usable[c % usable.size()]->tokens});
    std::vector<ChainState> states;
    PONDER_TRY(energy_.evaluate(edits, states));
    chains_ = std::move(states);
  }
  started_ = true;
  keep();
  return {};
}

void Annealer::keep() {
  for (std::size_t c = 0; c < chains_.size(); ++c) {
    const ChainState& s = chains_[c];
    if (!s.supported || (!best_[c].tokens.empty() && s.logprob <= best_[c].logprob)) continue;
    best_[c] = {s.tokens, s.logprob, energy_.law().is_end(s.tokens.back())};
  }
}

Status Annealer::step(std::size_t stage) {
  ++steps_;
  const Kernel& kernel = *kernels_[stage];
  for (ChainState& s : chains_) s.replica = static_cast<int>(stage);
  std::vector<StepInfo> infos(kernel.moves().size() * chains_.size());
  Status status = kernel.step(chains_, choices().all(), infos);
  keep();
  return status;
}

AnnealResult Annealer::result() const {
  AnnealResult r{.steps = steps_};
  for (const Reply& b : best_)
    if (!b.tokens.empty()) r.replies.push_back(b);
  std::stable_sort(r.replies.begin(), r.replies.end(), [](const Reply& a, const Reply& b) {
    return a.logprob != b.logprob ? a.logprob > b.logprob : a.tokens < b.tokens;
  });
  const auto same = [](const Reply& a, const Reply& b) { return a.tokens == b.tokens; };
  r.replies.erase(std::unique(r.replies.begin(), r.replies.end(), same), r.replies.end());
  return r;
}

// Runs the search. Errors: kCancelled where the budget ended it.
Status run(Annealer& a, const CausalDensity& d, const AnnealConfig& c,
           std::span<const Reply> starts) {
  PONDER_TRY(a.start(starts));
  PONDER_TRY(a.make_kernels());
  if (c.progress) c.progress(a.result().replies[0]);
  for (int cycle = 0; cycle < c.cycles; ++cycle) {
    const std::int64_t spent = d.cost().total();
    for (std::size_t s = 0; s < c.stages.size(); ++s)
      for (int k = 0; k < c.stages[s].steps; ++k) {
        PONDER_TRY(a.step(s));
        if (c.progress) c.progress(a.result().replies[0]);
      }
    if (d.cost().total() == spent)
      return {};  // the chains cannot move, and a budget of tokens would never end
  }
  return {};
}

}  // namespace

std::vector<AnnealStage> default_stages(bool slice) {
  const auto suffix = [](int tries, std::optional<double> temperature = {}) {
    return kernel_part<SuffixKernel>(SuffixConfig{.tries = tries, .temperature = temperature});
  };
  const auto sliced = [slice](KernelSpec::Part first) {
    std::vector<KernelSpec::Part> parts{std::move(first)};
    if (slice) parts.push_back(kernel_part<SliceKernel>(SliceConfig{}));
    return KernelSpec(std::move(parts));
  };
  return {{1, KernelSpec({suffix(1)}), 1},
          {4, sliced(suffix(4)), 3},
          {16, sliced(suffix(4, 0.25)), 3},
          {kAscent, KernelSpec({suffix(4, 0.25)}), 4}};
}

std::vector<AnnealStage> stages_of(const KernelSpec& kernel, double highest) {
  std::vector<AnnealStage> stages;
  for (double alpha = 1; alpha < highest; alpha *= 4) stages.push_back({alpha, kernel, 4});
  stages.push_back({highest, kernel, 4});
  return stages;
}

Result<AnnealResult> anneal(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
                            const AnnealConfig& c, std::span<const Reply> starts,
                            const Budget& budget) {
  const bool counts =
      std::all_of(c.stages.begin(), c.stages.end(), [](const auto& s) { return s.steps >= 0; });
  if (c.chains < 1 || c.stages.empty() || !counts)
    return Error{Code::kInvalid, "a chain and a stage at least, and steps from 0", "less",
                 "annealed chains", ""};
  StoppingDensity stopping(d, budget);
  std::vector<Replica> replicas;
  for (const AnnealStage& s : c.stages) replicas.push_back({.alpha = s.alpha});
  PONDER_ASSIGN(const Energy energy, Energy::make(stopping, context, law, std::move(replicas)));
  Annealer a(energy, c);
  const Status s = run(a, d, c, starts);
  // no draw ended within the horizon
  const bool no_start = !s.ok() && s.error().code == Code::kNumeric && !a.started();
  if (!s.ok() && !ends_search(s) && !no_start) return s.error();
  AnnealResult result = a.result();
  if (!a.started())  // the budget ended before the first step: the starts are the result
    for (const Reply& r : starts)
      if (law.is_reply(r.tokens) &&
          (result.replies.empty() || r.logprob > result.replies[0].logprob))
        result.replies = {r};
  return result;
}

}  // namespace ponder
