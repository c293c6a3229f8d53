// The message of a result that is an error. Not for results that must be values.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "ponder/core/status.h"

namespace ponder::test {

template <class T>
std::string error_of(const Result<T>& r) {
  return r.ok() ? "" : r.error().message();
}
#define EXPECT_SAYS(result, words)                                         \
  EXPECT_NE(ponder::test::error_of(result).find(words), std::string::npos) \
      << ponder::test::error_of(result)

}  // namespace ponder::test
