// Parallel loops with an explicit number of threads. The body must not depend on which thread runs
// it, so that results never depend on the thread count. A thread that the system has suspended
// delays only the part that it works on, unlike with OpenMP's static barriers
// (docs/adr/0004-threads.md). PONDER_LOOPS chooses the threads: those of oneTBB (loops_tbb.cc) or
// plain ones (loops_threads.cc).
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/team.h"

namespace ponder {

namespace loops {
/// Calls work(fn) on this thread, as the owner of a team of n threads.
void region(int n_threads, void (*work)(const void* fn), const void* fn);
/// Runs a loop outside a region, or inside the body of another loop.
void parts(int n_threads, std::int64_t n, std::int64_t least, Team::Body, const void* fn);
}  // namespace loops

/// Index of this thread among the threads of the current loop, from 0.
int thread_index();

/// Calls fn() while the threads of loops are kept awake, so that the loops in fn start without
/// delay.
template <class F>
void parallel_region(int n_threads, const F& fn) {
  if (n_threads <= 1 || Team::current()) return fn();
  loops::region(
      n_threads, [](const void* f) { (*static_cast<const F*>(f))(); }, &fn);
}

/// Calls fn(begin, end) for parts of [0, n) that are at least `least` long, except for the last
/// ones.
template <class F>
void parallel_parts(int n_threads, std::int64_t n, std::int64_t least, const F& fn) {
  if (n <= 0) return;
  if (n_threads <= 1 || n <= least) return fn(std::int64_t{0}, n);
  const Team::Body body = [](const void* f, std::int64_t begin, std::int64_t end) {
    (*static_cast<const F*>(f))(begin, end);
  };
  if (Team* team = Team::current())
    team->run(n, least, body, &fn);
  else
    loops::parts(n_threads, n, least, body, &fn);
}

/// Calls fn(i) for i in [0, n).
template <class F>
void parallel_for(int n_threads, std::int64_t n, const F& fn) {
  parallel_parts(n_threads, n, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) fn(i);
  });
}

/// Calls fn(begin, end) over [0, n), cut into a few contiguous ranges a thread.
template <class F>
void parallel_ranges(int n_threads, std::int64_t n, const F& fn) {
  constexpr std::int64_t kRangesPerThread = 8;
  parallel_parts(n_threads, n, (n - 1) / (kRangesPerThread * std::max(n_threads, 1)) + 1, fn);
}

}  // namespace ponder
