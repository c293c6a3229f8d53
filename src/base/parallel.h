// Parallel loops over OpenMP with an explicit number of threads. The body must not depend on which thread runs
// it: results never depend on the thread count.
#pragma once

#include <omp.h>

#include <cstdint>

namespace ponder {

/// fn(i) for i in [0, n), in chunks handed out as threads become free.
template <class F>
void parallel_for(int n_threads, std::int64_t n, const F& fn) {
  if (n_threads <= 1 || n <= 1) {
    for (std::int64_t i = 0; i < n; ++i) fn(i);
    return;
  }
#pragma omp parallel for num_threads(n_threads) schedule(dynamic)
  for (std::int64_t i = 0; i < n; ++i) fn(i);
}

/// fn(begin, end, thread) over [0, n) cut into one contiguous range a thread.
template <class F>
void parallel_ranges(int n_threads, std::int64_t n, const F& fn) {
  if (n_threads <= 1 || n <= 1) {
    if (n > 0) fn(std::int64_t{0}, n, 0);
    return;
  }
#pragma omp parallel num_threads(n_threads)
  {
    const std::int64_t t = omp_get_thread_num(), k = omp_get_num_threads();
    const std::int64_t begin = n * t / k, end = n * (t + 1) / k;
    if (begin < end) fn(begin, end, static_cast<int>(t));
  }
}

}  // namespace ponder
