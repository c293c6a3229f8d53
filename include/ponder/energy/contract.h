// The contract that every score with a relaxation must keep, as a check to call on a score of your
// own: in a test, or once before a run.
#pragma once

#include <cstdint>

#include "ponder/energy/relaxation.h"

namespace ponder {

struct ContractOptions {
  int n_points = 8;           // random strings and mixtures
  double value_slack = 1e-3;  // nats, absolute and relative
  double slope_slack = 2e-2;  // relative, of derivatives against central differences
  double step = 1e-2;         // of the differences, in weights
  std::uint64_t seed = 0;
};

/// Checks, over strings and mixtures of the given candidates (n, m), that f at one-hot weights is f
/// of the tokens; that lift followed by decode gives the string back, whose relaxed value at zero
/// temperature is f; that derivatives agree with central differences; and that two calls give the
/// same bits. Errors: kNumeric, which says which condition was broken, where and by how much.
Status check_contract(SoftScore&, std::span<const Token> candidates, int m,
                      const ContractOptions& = {});

}  // namespace ponder
