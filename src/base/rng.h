// Counter-based randomness: a draw is a function of (seed, chain, step, purpose) alone, so results
// do not depend on threads or batching. Philox4x32-10, Salmon et al. 2011, from Random123.
#pragma once

#include <Random123/philox.h>

#include <cstdint>

namespace ponder {

enum class Purpose : std::uint32_t {
  kDecode = 1,
  kCheck = 2,
  kChain = 3,
  kNoise = 4,
  kDistinct = 5,
  kHalves = 6,
  kTest = 99
};

/// Four words of 32 bits.
inline r123::Philox4x32::ctr_type philox(std::uint64_t seed, std::uint32_t chain,
                                         std::uint64_t step, Purpose purpose) {
  const r123::Philox4x32::ctr_type counter{{static_cast<std::uint32_t>(step),
                                            static_cast<std::uint32_t>(step >> 32), chain,
                                            static_cast<std::uint32_t>(purpose)}};
  const r123::Philox4x32::key_type key{
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  return r123::Philox4x32{}(counter, key);
}

/// Uniform in [0, 1), 53 bits.
inline double uniform(std::uint64_t seed, std::uint32_t chain, std::uint64_t step,
                      Purpose purpose) {
  const auto r = philox(seed, chain, step, purpose);
  return static_cast<double>((static_cast<std::uint64_t>(r[0]) << 32 | r[1]) >> 11) * 0x1p-53;
}

}  // namespace ponder
