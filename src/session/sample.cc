// Session::sample: chains on one prompt, saved from time to time.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

#include "ponder/core/version.h"
#include "ponder/search/decode.h"
#include "session/prefill.h"
#include "session/sample_answer.h"
#include "session/sampler.h"

namespace ponder {
namespace {

// All settings on which the draws depend. A resumed run must have the same.
std::string identity(const SampleRequest& r, const Session& s, const Prompt& prompt,
                     const ReplyLaw& law) {
  const ModelInfo& info = s.model().info();
  std::string all = fmt::format("version {}\nmodel {}\nprecision {}\nisa {}\nprompt {}\n", kVersion,
                                s.text().file().sha256(), to_string(info.precision), info.isa,
                                fmt::join(prompt.ids, ","));
  all += fmt::format("target {}\nhorizon {}\nmin_length {}\nallowed {}\n", to_string(law.target()),
                     law.horizon(), law.min_length(), fmt::join(law.config().allowed, ","));
  all += fmt::format("alpha {}\nterms {}\nkernel {}\nrungs {}\n", r.alpha, r.terms.label(),
                     r.kernel, r.rungs);
  return all + fmt::format("chains {}\nwarmup {}\nthin {}\nseed {}\n", r.chains.chains,
                           r.chains.warmup, r.chains.thin, r.chains.seed);
}

// Saves often enough to lose little work, and seldom enough to cost at most a twentieth of the
// time.
class Saver {
 public:
  Saver(std::string path, std::string config)
      : path_(std::move(path)), config_(std::move(config)) {}
  Status save(const Chains& c, bool now) {
    using Time = std::chrono::steady_clock;
    constexpr int kShare = 20;
    if (path_.empty() || (!now && Time::now() < next_)) return {};
    const auto start = Time::now();
    PONDER_TRY(write_snapshot(c.snapshot(), config_, path_));
    next_ = Time::now() + kShare * (Time::now() - start);
    return {};
  }

 private:
  std::string path_, config_;
  std::chrono::steady_clock::time_point next_{};
};

Result<Chains> begin(const SampleRequest& r, Sampler& s, const std::string& config,
                     std::vector<Token> first) {
  if (!r.resume) return Chains::start(s.energy, *s.kernel, r.chains, std::move(first));
  PONDER_ASSIGN(ChainsSnapshot snapshot, read_snapshot(r.checkpoint, config));
  return Chains::resume(s.energy, *s.kernel, r.chains, std::move(snapshot), std::move(first));
}

// Runs steps until all draws are made or the clock is over.
Status run(const SampleRequest& r, const Clock& clock, Saver& saver, Chains& chains) {
  const auto n_steps = static_cast<std::uint64_t>(r.chains.warmup) +
                       static_cast<std::uint64_t>(r.draws) * r.chains.thin;
  while (chains.n_draws() < r.draws && !clock.over()) {
    Status step = chains.step(n_steps - chains.n_steps());
    if (!step.ok()) {
      // Who stops a run where a step fails, as a term may, has the draws that were made before.
      const bool ended = r.budget.stopped() || step.error().code == Code::kCancelled;
      if (!ended || chains.n_draws() == 0) return step;
      break;
    }
    PONDER_TRY(saver.save(chains, false));
    if (r.progress) r.progress(chains, clock.seconds());
  }
  PONDER_TRY(saver.save(chains, true));
  if (chains.n_draws() > 0) return {};
  return Error{
      Code::kResource, "at least one draw", "a run that was stopped in its warm-up",
      "ponder sample",
      r.checkpoint.empty() ? "give it more time, or fewer --warmup steps" : "go on with --resume"};
}

}  // namespace

Result<SampleAnswer> Session::sample(const SampleRequest& r) {
  PONDER_ASSIGN(Prompt prompt, text_->prompt(r.prompt));
  PONDER_ASSIGN(const ReplyLaw law, r.law.law(kSearchTokens, prompt.ids.size(), *density_));
  Prefill prefill(*this, r.budget);
  const Clock& clock = prefill.clock();
  PONDER_TRY(prefill.read(prompt.ids));
  PONDER_ASSIGN(const auto sampler, Sampler::make(r, *this, law, prefill.context(), prompt));
  PONDER_ASSIGN(auto first, decode(*density_, prefill.context(), law, {}, 1, r.budget));
  const std::string config =
      r.checkpoint.empty() ? "" : identity(r, *this, prompt, law);  // hashes the whole model file
  PONDER_ASSIGN(Chains chains, begin(r, *sampler, config, std::move(first[0].tokens)));
  Saver saver(r.checkpoint, config);
  PONDER_TRY(run(r, clock, saver, chains));

  SampleAnswer a = summary_of(r, chains);
  a.run = record(law, clock.cost(), clock.seconds(), r.chains.seed);
  const auto& last = a.trace.replies[0].back();
  a.reply = spelled({last, a.trace.posterior[0].chains[0].back(), law.is_end(last.back())});
  for (auto& [reply, count] : counted_draws(a.trace)) {
    a.replies.push_back({spelled(std::move(reply)), count});
    a.replies.back().ended = law.is_end(a.replies.back().tokens.back());
  }
  a.notes = notes_on(std::move(prompt), a.reply);
  return a;
}

}  // namespace ponder
