// Parallel loops on oneTBB with an explicit number of threads. The body must not depend on which thread runs it:
// results never depend on the thread count. A thread that the system has taken away holds nobody up but for the piece
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
    Team team;
    Helpers helpers;
    for (int i = 1; i < n_threads; ++i) helpers.run([&] { team.help(); });
    const Team::Owner owner(team);  // goes first, which lets the helpers go
    fn();
  });
}

/// fn(i) for i in [0, n).
template <class F>
void parallel_for(int n_threads, std::int64_t n, const F& fn) {
  if (n_threads <= 1 || n <= 1) {
    for (std::int64_t i = 0; i < n; ++i) fn(i);
  } else if (Team* team = Team::current()) {
    struct Pieces {
      const F& fn;
      std::int64_t n, n_pieces;
    } const all{fn, n, std::min<std::int64_t>(n, 32ll * n_threads)};
    team->run(
        all.n_pieces,
        [](const void* pieces, std::int64_t i) {
          const auto& p = *static_cast<const Pieces*>(pieces);
          for (std::int64_t k = p.n * i / p.n_pieces; k < p.n * (i + 1) / p.n_pieces; ++k) p.fn(k);
        },
        &all);
  } else {
    arena(n_threads).execute([&] { tbb::parallel_for(std::int64_t{0}, n, fn); });
  }
}

/// fn(begin, end) over [0, n) cut into a few contiguous ranges a thread.
template <class F>
void parallel_ranges(int n_threads, std::int64_t n, const F& fn) {
  constexpr std::int64_t kRangesPerThread = 4;
  const std::int64_t k = n_threads <= 1 ? 1 : std::min(n, kRangesPerThread * n_threads);
  parallel_for(n_threads, k, [&](std::int64_t i) { fn(n * i / k, n * (i + 1) / k); });
}

}  // namespace ponder
