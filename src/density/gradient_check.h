// Checks a gradient by computing the same slopes in other ways: by central differences of the value
// on any differentiable density, and by the complex step on the scalar reference for small models.
// Used by `ponder grad --check` and by tests.
#pragma once

#include <cstdint>
#include <vector>

#include "model/reference.h"
#include "ponder/density/gradient.h"

namespace ponder {

/// The point at which a gradient is checked: that of sum_t log p of a reply with respect to the
/// vectors that enter the network, or that of the relaxed objective with respect to its weights.
struct CheckPoint {
  // candidates: (n, m). For a reply: its token first, then ids that span the directions.
  std::vector<Token> prompt, candidates;
  std::vector<float> weights;  // (n, m); for a reply: 1 for its token, else 0
  int m = 1;
  bool relaxed = false;
  std::size_t n() const { return candidates.size() / static_cast<std::size_t>(m); }

  static CheckPoint of_reply(std::vector<Token> prompt, const std::vector<Token>& reply,
                             int n_vocab, std::uint64_t seed);
};

/// A change of the weights (n, m) that keeps the sum of each row.
using Direction = std::vector<double>;
std::vector<Direction> random_directions(const CheckPoint&, int n_directions, std::uint64_t seed);

/// The slope along each direction, in nats: from the gradient; by differences; by the complex step.
/// Errors: those of value_and_grad; kNumeric (a value is not finite).
Result<std::vector<double>> gradient_slopes(CausalDensity&, const PrefixRef& prompt,
                                            const CheckPoint&, const std::vector<Direction>&);
Result<std::vector<double>> difference_slopes(CausalDensity&, const PrefixRef& prompt,
                                              const CheckPoint&, const std::vector<Direction>&);
std::vector<double> reference_slopes(const Reference&, const CheckPoint&,
                                     const std::vector<Direction>&);

/// The root mean square of got - want, divided by that of want. The divisor is at least 0.1 nats,
/// since values are float32.
double relative_error(const std::vector<double>& got, const std::vector<double>& want);

}  // namespace ponder
