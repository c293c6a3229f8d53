// CountedNoise: the name of a row of Gumbel noise, from which whoever needs the row makes it. Not
// the numbers (base/counted_noise.h): a name fits into a request, a row of them is as long as a
// vocabulary.
#pragma once

#include <cstdint>

namespace ponder {

/// Entry v is the Gumbel variable of the normal eps_v cos(angle) + p_v sin(angle), where eps and p
/// are the standard normals v of `stream` and of `stream + 1` under the seed. A function of the
/// four numbers (seed, stream, angle, v) alone.
struct CountedNoise {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;
  double angle = 0;  // radians
};

}  // namespace ponder
