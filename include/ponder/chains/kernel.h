// Kernel: one step of many Markov chains side by side, which leaves the target of each chain
// (energy.h) unchanged. State = ChainState, Info = StepInfo, Config = the kernel itself, which
// never changes in a step; randomness is an argument. docs/methods.md#kernels.
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

/// The result of one move of one chain.
struct StepInfo {
  bool accepted = false;  // the proposal was taken (it may be the reply itself)
  // refused because a number was NaN, or because a lift, by rounding, did not decode to the reply
  bool numeric = false;
  int position = -1;   // first position that the proposal may change; -1: none was made
  int n_proposed = 0;  // replies proposed
  // log of the acceptance ratio, nats; -inf when refused before the proposal was complete
  double log_acceptance = 0;
};

/// A setting that the warm-up may tune (adaptation.h) to an acceptance rate of one move.
struct StepSize {
  int move = 0;           // index into Kernel::moves
  std::string_view name;  // as in make_kernel
  double* value = nullptr;
  double acceptance = 0.574;  // Roberts and Rosenthal 1998; kTrajectory for trajectories
  // larger values do not move a step further
  double most = std::numeric_limits<double>::infinity();
  static constexpr double kTrajectory = 0.651;  // Beskos et al. 2013
};

/// Steps of chains that do not wait for each other: each pass of the model serves every chain at
/// its own point of its step. A chain makes the same draws as in Kernel::step.
class AsyncSteps {
 public:
  struct Done {
    int chain;
    StepInfo info;
  };
  virtual ~AsyncSteps() = default;
  /// Begins a step of a chain that has no step under way. The choices must live until the step is
  /// done.
  virtual Status begin(int chain, Choices&) = 0;
  /// Makes one batched pass. `done` gets the chains whose step has ended; they have moved. After an
  /// error the object must not be used again.
  virtual Status pass(std::vector<Done>& done) = 0;
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual std::string_view name() const = 0;
  /// Names of the moves of one step: several for a cycle.
  virtual std::vector<std::string> moves() const { return {std::string(name())}; }
  /// Moves all chains, with all model calls batched. choices (n_chains); infos (n_moves, n_chains).
  /// On an error the chains are as before. Errors: those of the density and the terms.
  virtual Status step(std::span<ChainState> chains, std::span<Choices* const> choices,
                      std::span<StepInfo> infos) const = 0;
  /// Returns nullptr where the chains can only move together. The chains and the kernel must
  /// outlive the result.
  virtual std::unique_ptr<AsyncSteps> async(std::span<ChainState>) const { return nullptr; }
  virtual std::vector<StepSize> step_sizes() { return {}; }
  /// The number of chains that must be stepped together, such as a ladder of replicas. n_chains is
  /// a multiple of it.
  virtual int group() const { return 1; }
};

/// A kernel's settings, parsed once, from which kernels are made. It holds values, not their text.
class KernelSpec {
 public:
  /// One kernel of a cycle, applied `count` times.
  struct Part {
    std::function<Result<std::unique_ptr<Kernel>>(const Energy&)> make;
    int count = 1;
    bool ladder = false;  // steps a ladder of replicas (replica exchange)
  };
  /// A specification of no kernel, which make() refuses.
  KernelSpec() = default;
  explicit KernelSpec(std::vector<Part> parts)
      : parts_(std::make_shared<const std::vector<Part>>(std::move(parts))) {}
  /// Parses `name:key=value,…`, or a cycle of several kernels with counts:
  /// `suffix:tries=8+gibbs*3`. A step size that is given is not tuned. Errors: kInvalid, with the
  /// nearest known name, key or value.
  static Result<KernelSpec> parse(std::string_view);

  /// The energy must outlive the kernel. Errors: kInvalid (no kernel, or a kernel that does not fit
  /// the energy).
  Result<std::unique_ptr<Kernel>> make(const Energy&) const;
  /// True if its chains need replicas of the target to exchange replies with.
  bool wants_ladder() const;
  /// Copies of one value are equal; one kernel serves them all.
  bool operator==(const KernelSpec&) const = default;

 private:
  std::shared_ptr<const std::vector<Part>> parts_{};
};

/// Makes a kernel from a text: KernelSpec::parse followed by make.
Result<std::unique_ptr<Kernel>> make_kernel(std::string_view spec, const Energy&);

/// Draws a start for each chain in its replica's support: ancestral draws of the replica's q and of
/// the model itself in turn, repeated until they are a reply; from the fifth draw on, they are cut
/// where an end token is most probable. Errors: kNumeric when `tries` draws gave no reply for some
/// chain.
Status draw_starts(const Energy&, std::span<Choices* const>, int tries,
                   std::span<ChainState> chains);

}  // namespace ponder
