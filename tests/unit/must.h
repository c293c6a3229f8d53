// The value of a Result, for tests that cannot go on without it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>

#include "ponder/core/status.h"

namespace ponder::test {

template <class T>
T must(Result<T> r) {
  if (!r.ok()) {
    ADD_FAILURE() << r.error().message();
    std::abort();
  }
  return std::move(*r);
}

}  // namespace ponder::test
