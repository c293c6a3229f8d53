// PONDER_CHECK: aborts on a bug (a broken promise between parts of ponder). Never for bad input
// (Status).
#pragma once

#include <cstdio>
#include <cstdlib>

#define PONDER_CHECK(cond)                                                           \
  do {                                                                               \
    if (!(cond)) [[unlikely]] {                                                      \
      std::fprintf(stderr, "%s:%d: bug in ponder: %s\n", __FILE__, __LINE__, #cond); \
      std::abort();                                                                  \
    }                                                                                \
  } while (0)
