// Normal random numbers of the tests of kernels.
#pragma once

#include <random>
#include <vector>

namespace ponder::test {

inline std::vector<float> normals(int n, int seed, float scale = 1) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> d(0, scale);
  std::vector<float> v(n);
  for (float& x : v) x = d(rng);
  return v;
}

}  // namespace ponder::test
