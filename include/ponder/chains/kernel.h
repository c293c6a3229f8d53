// Kernel: one step of many Markov chains side by side, each leaving its target (energy.h)
// unchanged. State = ChainState, Info = StepInfo, Config = the kernel itself, which never changes
// in a step; randomness is an argument. docs/methods.md#kernels.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/chains/choices.h"
#include "ponder/energy/energy.h"

namespace ponder {

/// What happened to one chain in one move.
struct StepInfo {
  bool accepted = false;  // the proposal was taken (it may be the reply itself)
  bool numeric =
      false;          // refused because a number was NaN, or by rounding a lift did not decode back
  int position = -1;  // first position that the proposal may change; -1: none was made
  int n_proposed = 0;  // replies proposed
  double log_acceptance =
      0;  // log of the acceptance ratio, nats; -inf when refused before the proposal was complete
};

/// A setting that warm-up may tune (adaptation.h) to a rate of acceptance of one move.
struct StepSize {
  int move = 0;           // index into Kernel::moves
  std::string_view name;  // as in make_kernel
  double* value = nullptr;
  double acceptance = 0.574;  // Roberts and Rosenthal 1998; of trajectories: kTrajectory
  double most = std::numeric_limits<double>::infinity();  // beyond which a step goes no further
  static constexpr double kTrajectory = 0.651;            // Beskos et al. 2013
};

/// Steps of chains that do not wait for each other: a pass of the model serves each of them
/// wherever it is in its step. What a chain draws is the same as in Kernel::step.
class AsyncSteps {
 public:
  struct Done {
    int chain;
    StepInfo info;
  };
  virtual ~AsyncSteps() = default;
  /// Begins a step of a chain that has none under way. The choices must live until it is done.
  virtual Status begin(int chain, Choices&) = 0;
  /// One batched pass; the chains whose step it ended, which have moved. After an error there is no
  /// going on.
  virtual Status pass(std::vector<Done>& done) = 0;
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual std::string_view name() const = 0;
  /// Names of the moves of one step: several for a cycle.
  virtual std::vector<std::string> moves() const { return {std::string(name())}; }
  /// Moves all chains, with all model calls batched. choices (n_chains); infos (n_moves, n_chains).
  /// On error the chains are as before. Errors: those of the density and the terms.
  virtual Status step(std::span<ChainState> chains, std::span<Choices* const> choices,
                      std::span<StepInfo> infos) const = 0;
  /// nullptr: these chains move together. The chains and the kernel must outlive it.
  virtual std::unique_ptr<AsyncSteps> async(std::span<ChainState>) const { return nullptr; }
  virtual std::vector<StepSize> step_sizes() { return {}; }
  /// Chains that must be stepped together: a ladder of replicas. n_chains is a multiple of it.
  virtual int group() const { return 1; }
};

/// A kernel's settings, read once: what kernels are made of. Holds the values themselves, never
/// their text.
class KernelSpec {
 public:
  /// One kernel of a cycle, `count` times.
  struct Part {
    std::function<Result<std::unique_ptr<Kernel>>(const Energy&)> make;
    int count = 1;
    bool ladder = false;  // steps a ladder of replicas (replica exchange)
  };
  /// Of no kernel: make() refuses it.
  KernelSpec() = default;
  explicit KernelSpec(std::vector<Part> parts)
      : parts_(std::make_shared<const std::vector<Part>>(std::move(parts))) {}
  /// `name:key=value,…`, or a cycle of several, each some times: `suffix:tries=8+gibbs*3`. A step
  /// size that is given is not tuned. Errors: kInvalid, with the nearest name, key or value that
  /// there is.
  static Result<KernelSpec> parse(std::string_view);

  /// The energy must outlive the kernel. Errors: kInvalid (no kernel, one that does not fit the
  /// energy).
  Result<std::unique_ptr<Kernel>> make(const Energy&) const;
  /// Do its chains need replicas of the target to exchange replies with?
  bool wants_ladder() const;
  /// Copies of one value are equal, and need one kernel only.
  bool operator==(const KernelSpec&) const = default;

 private:
  std::shared_ptr<const std::vector<Part>> parts_{};
};

/// The kernel of a specification in words, KernelSpec::parse and make in one.
Result<std::unique_ptr<Kernel>> make_kernel(std::string_view spec, const Energy&);

/// A start for each chain, in its replica's support: ancestral draws of its q and of the model
/// itself in turn, again and again where they are no reply; from the fifth on, cut where an end is
/// most probable. Errors: kNumeric when `tries` draws gave none for some chain.
Status draw_starts(const Energy&, std::span<Choices* const>, int tries,
                   std::span<ChainState> chains);

}  // namespace ponder
