// Choices: every random choice that a kernel makes, of one chain in one step. A kernel owns no
// generator: the choices are counter-based draws in a run, and all outcomes one after the other in
// a proof (docs/methods.md#enumeration).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

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
  /// A draw from softmax(needs.alpha lp) of a row: `ask` completes the request, `take` reads the
  /// row that came back.
  virtual void ask(Needs& needs) = 0;
  virtual TokenProb take(const Row&, const Needs&) = 0;

  /// Continuous draws: in [0, 1), and standard normals. Not for kernels whose transition matrix is
  /// enumerated.
  virtual double uniform() = 0;
  virtual void normals(std::span<float>) = 0;
};

/// Philox by (seed, chain, step) and the number of draws before: independent of threads, batch and
/// other chains.
std::unique_ptr<Choices> random_choices(std::uint64_t seed, std::uint32_t chain,
                                        std::uint32_t step);

}  // namespace ponder
