// Chains: many Markov chains of one kernel (kernel.h) on one energy, side by side in one batch:
// started, warmed up, run, recorded. diagnostics.h has diagnostics of the trace, and judge() a
// verdict in words. Not files (src/io), and no clock: the caller decides between steps when to
// stop.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ponder/chains/adaptation.h"
#include "ponder/chains/kernel.h"
#include "ponder/chains/trace.h"
#include "ponder/energy/energy.h"

namespace ponder {

struct ChainsConfig {
  int chains = 4;
  int warmup = 100;  // steps before the first draw is kept; step sizes adapt in them
  int thin = 1;      // steps a draw
  // draws depend on (seed, chain, step) alone, not on threads or interruptions
  std::uint64_t seed = 0;

  /// Number of groups of equal size whose chains begin at the same reply, for rhat_nested of many
  /// short chains: the largest divisor of `chains` up to its square root. Below 16 chains, or for a
  /// prime number of them, every chain is a group of its own.
  int superchains() const;
};

/// Counts of the proposals of one move of the kernel after the warm-up, over all chains.
struct MoveCounts {
  std::string name;
  std::int64_t n = 0, n_accepted = 0;
  std::int64_t n_numeric = 0;  // refused because a number was NaN
  struct Count {
    std::int64_t n = 0, n_accepted = 0;
  };
  std::vector<Count> at{};  // by the first position that the proposal may change
  // (group) by the chain's place in its ladder; for "swap", with the next replica above
  std::vector<Count> by_replica{};
};

/// The data that an interrupted run needs to go on as if it had not stopped, as plain values, so
/// that any format can store them.
struct ChainsSnapshot {
  std::uint64_t step = 0;
  std::vector<std::vector<Token>> replies{};    // (states)
  std::vector<Adaptation::Average> averages{};  // of the step sizes
  std::vector<double> acceptance{};             // (chains) since the last draw kept
  std::vector<MoveCounts> moves{};
  Trace trace{};  // without names of columns when read from a file
};

class RunAhead;

class Chains {
 public:
  Chains(Chains&&) noexcept;
  Chains& operator=(Chains&&) noexcept;
  ~Chains();
  /// Chains of a kernel that steps in groups (replica exchange) are ladders with a state at every
  /// replica; the last replica is the target, and only its states are recorded. `first`: the reply
  /// from which distances are counted; `starts`: one start a chain; if empty, starts are drawn. The
  /// energy and the kernel must outlive the chains. Errors: kInvalid (no chain, thin < 1, not one
  /// start a chain, a start that is no reply of its target), those of draw_starts.
  static Result<Chains> start(const Energy&, Kernel&, const ChainsConfig&,
                              std::vector<Token> first = {},
                              const std::vector<std::vector<Token>>& starts = {});
  /// Continues from a snapshot of chains with the same energy, kernel and configuration.
  static Result<Chains> resume(const Energy&, Kernel&, const ChainsConfig&, ChainsSnapshot,
                               std::vector<Token> first);

  /// Makes one step of all chains. n_left: the steps that are still to come, this one included;
  /// chains of some kernels do some of them in advance while slower chains finish their step. On an
  /// error the chains are as before the step.
  Status step(std::uint64_t n_left = 1);
  bool warming_up() const { return kept_.step < static_cast<std::uint64_t>(config_.warmup); }
  std::uint64_t n_steps() const { return kept_.step; }
  int n_draws() const {
    return static_cast<int>(kept_.trace.replies[0].size());
  }  // kept, of each chain
  const ChainsConfig& config() const { return config_; }
  const Energy& energy() const { return *energy_; }
  /// The step sizes that the warm-up tunes or has tuned.
  std::vector<StepSize> step_sizes() const { return kernel_->step_sizes(); }
  /// posterior: logprob, distance, and R of each term; sample_stats: lp (-U), energy (U),
  /// acceptance_rate.
  const Trace& trace() const { return kept_.trace; }
  std::span<const MoveCounts> moves() const { return kept_.moves; }
  ChainsSnapshot snapshot() const;

 private:
  Chains(const Energy&, Kernel&, const ChainsConfig&, std::vector<Token> first);
  Status begin();
  Status begin_at(const std::vector<std::vector<Token>>& starts);
  Status step_together(std::span<StepInfo>);
  Status step_ahead(std::uint64_t n_left, std::span<StepInfo>);
  void count(std::span<const StepInfo>);
  void record();
  int n_states() const { return config_.chains * kernel_->group(); }

  const Energy* energy_;
  Kernel* kernel_;
  ChainsConfig config_;
  std::vector<Token> first_;
  Adaptation adaptation_;
  std::vector<ChainState> states_;  // (chains, group)
  ChainsSnapshot kept_;  // without replies and averages, which states_ and adaptation_ hold
  std::unique_ptr<RunAhead> ahead_;  // nullptr: chains are not ahead of states_
};

/// Replaces the file at `path` completely or not at all. `config`: a text of all settings that must
/// not change between the runs; its hash is stored.
Status write_snapshot(const ChainsSnapshot&, const std::string& config, const std::string& path);
/// Errors: kNotFound, kInvalid (no snapshot, cut short, changed, or of a run with another config),
/// kUnsupported.
Result<ChainsSnapshot> read_snapshot(const std::string& path, const std::string& config);

struct Verdict {
  bool converged = false;
  std::string reason;        // "R-hat of logprob is 1.08, above 1.01"
  std::string advice;        // "draw 4 times as many"; may be empty
  int draws = 0;             // of each chain, that the advice asks for; 0: the advice is another
  std::vector<int> stuck{};  // chains that do not move, so that more draws would not help
};
/// Converged: R-hat is at most 1.01, and bulk and tail ESS are at least 100 a chain (Vehtari et al.
/// 2021), for log p, length and energy.
Verdict judge(const Trace&);

}  // namespace ponder
