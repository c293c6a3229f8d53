// Parallel loops on oneTBB with an explicit number of threads. The body must not depend on which thread runs it:
// results never depend on the thread count. A thread that the system has taken away holds nobody up but for the part
// it is at, which OpenMP's static barriers do (docs/adr/0004-threads.md).
#pragma once

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <cstdint>

#include "base/team.h"

namespace ponder {

/// The arena of n threads, made once.
tbb::task_arena& arena(int n_threads);
/// Index of this thread in its arena, below the number of threads.
inline int thread_index() { return std::max(tbb::this_task_arena::current_thread_index(), 0); }

/// fn() with the threads of the arena awake: the loops that fn itself calls are spread over them without delay.
template <class F>
void parallel_region(int n_threads, const F& fn) {
  if (n_threads <= 1 || Team::current()) return fn();
  arena(n_threads).execute([&] {
    struct Helpers : tbb::task_group {
      ~Helpers() { wait(); }
    };
    Team team(n_threads);
    Helpers helpers;
    for (int i = 1; i < n_threads; ++i) helpers.run([&] { team.help(); });
    const Team::Owner owner(team);  // goes first, which lets the helpers go
    fn();
  });
}

/// fn(begin, end) for parts of [0, n), at least `least` long but for the last ones.
template <class F>
void parallel_parts(int n_threads, std::int64_t n, std::int64_t least, const F& fn) {
  if (n <= 0) return;
  if (n_threads <= 1 || n <= least) {
    fn(std::int64_t{0}, n);
  } else if (Team* team = Team::current()) {
    team->run(
        n, least, [](const void* f, std::int64_t begin, std::int64_t end) { (*static_cast<const F*>(f))(begin, end); },
        &fn);
  } else {
    arena(n_threads).execute([&] {
      tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, n, least),
                        [&](const tbb::blocked_range<std::int64_t>& r) { fn(r.begin(), r.end()); });
    });
  }
}

/// fn(i) for i in [0, n).
template <class F>
void parallel_for(int n_threads, std::int64_t n, const F& fn) {
  parallel_parts(n_threads, n, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) fn(i);
  });
}

/// fn(begin, end) over [0, n) cut into a few contiguous ranges a thread.
template <class F>
void parallel_ranges(int n_threads, std::int64_t n, const F& fn) {
  constexpr std::int64_t kRangesPerThread = 8;
  parallel_parts(n_threads, n, (n - 1) / (kRangesPerThread * std::max(n_threads, 1)) + 1, fn);
}

}  // namespace ponder
