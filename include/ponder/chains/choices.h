// Choices: all random choices of a kernel for one chain in one step. A kernel owns no generator:
// the choices are counter-based draws in a run, and all outcomes one after the other in a proof
// (docs/methods.md#enumeration).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ponder/density/density.h"

namespace ponder {

class Choices {
 public:
  virtual ~Choices() = default;
  /// Uniform on 0 … n-1.
  virtual int index(int n) = 0;
  /// k with probability proportional to exp(log_weights[k]); -1 when all are -inf or one is NaN.
  virtual int categorical(std::span<const double> log_weights) = 0;
  /// True with probability min(1, exp(log_ratio)); NaN: false.
  virtual bool accept(double log_ratio) = 0;
  /// A draw from softmax(needs.alpha lp) of a row: `ask` adds the draw to a request, `take` reads
  /// it from the row that was returned.
  virtual void ask(Needs& needs) = 0;
  virtual TokenProb take(const Row&, const Needs&) = 0;

  /// Continuous draws, uniform in [0, 1) and standard normal, for kernels whose transition matrix
  /// is not enumerated.
  virtual double uniform() = 0;
  virtual void normals(std::span<float>) = 0;
};

/// Draws by Philox from (seed, chain, step) and the number of earlier draws, so that they do not
/// depend on threads, batch or other chains.
std::unique_ptr<Choices> random_choices(std::uint64_t seed, std::uint32_t chain,
                                        std::uint32_t step);

/// The random choices of chains 0 … n_chains-1 in one step, as Kernel::step takes them.
class StepChoices {
 public:
  StepChoices(std::uint64_t seed, std::size_t n_chains, std::uint32_t step);
  std::span<Choices* const> all() const { return all_; }
  Choices& operator[](std::size_t chain) const { return *all_[chain]; }

 private:
  std::vector<std::unique_ptr<Choices>> owned_;
  std::vector<Choices*> all_;
};

}  // namespace ponder
