// How far a vector is from what it should be.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ponder::test {

/// |got - want| / |want|. The sizes must be equal, and want must not be zero.
template <class T>
double relative(const std::vector<T>& got, const std::vector<double>& want) {
  EXPECT_EQ(got.size(), want.size());
  double diff = 0, norm = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    diff += (got[i] - want[i]) * (got[i] - want[i]);
    norm += want[i] * want[i];
  }
  EXPECT_GT(norm, 0);
  return std::sqrt(diff / norm);
}

}  // namespace ponder::test
