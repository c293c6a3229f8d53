// Uniform random numbers of the tests of relaxations.
#pragma once

#include <cstdint>

#include "base/rng.h"
#include "ponder/energy/relaxation.h"

namespace ponder::test {

inline Uniforms uniforms(std::uint64_t seed) {
  return [seed, i = std::uint64_t{0}]() mutable { return uniform(seed, 0, i++, Purpose::kTest); };
}

}  // namespace ponder::test
