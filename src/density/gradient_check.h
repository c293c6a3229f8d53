// Checks of a gradient by other ways to the same slopes: central differences of the value on any
// differentiable density, and the complex step on the scalar reference for models small enough. For
// ponder grad --check and tests.
#pragma once

#include <cstdint>
#include <vector>

#include "model/reference.h"
#include "ponder/density/gradient.h"

namespace ponder {

/// Where a gradient is checked: sum_t log p of a reply with respect to what enters the network, or
/// the relaxed objective with respect to its weights.
struct CheckPoint {
  std::vector<Token> prompt,
      candidates;  // (n, m); a reply: its token first, then ids that span the directions
  std::vector<float> weights;  // (n, m); a reply: 1 for its token
  int m = 1;
  bool relaxed = false;
  std::size_t n() const { return candidates.size() / static_cast<std::size_t>(m); }

  static CheckPoint of_reply(std::vector<Token> prompt, const std::vector<Token>& reply,
                             int n_vocab, std::uint64_t seed);
};

/// A change of the weights (n, m) that leaves the sum of each row as it is.
using Direction = std::vector<double>;
std::vector<Direction> random_directions(const CheckPoint&, int n_directions, std::uint64_t seed);

/// Slopes along each direction, nats: as the gradient says; by differences; by the complex step.
/// Errors: those of value_and_grad; kNumeric when not finite.
Result<std::vector<double>> gradient_slopes(CausalDensity&, const PrefixRef& prompt,
                                            const CheckPoint&, const std::vector<Direction>&);
Result<std::vector<double>> difference_slopes(CausalDensity&, const PrefixRef& prompt,
                                              const CheckPoint&, const std::vector<Direction>&);
std::vector<double> reference_slopes(const Reference&, const CheckPoint&,
                                     const std::vector<Direction>&);

/// Root mean square of got - want, over that of want, which counts as 0.1 nats at least: values are
/// float32.
double relative_error(const std::vector<double>& got, const std::vector<double>& want);

}  // namespace ponder
