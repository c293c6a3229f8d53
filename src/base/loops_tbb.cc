// Loops on oneTBB's threads: arenas by number of threads, shared by all models of the process. No
// other file calls oneTBB; loops_threads.cc has the same functions without it.
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <map>
#include <memory>
#include <mutex>

#include "base/parallel.h"

namespace ponder {
namespace {

tbb::task_arena& arena(int n_threads) {
  static std::mutex mutex;
  static std::map<int, std::unique_ptr<tbb::task_arena>> arenas;
  const std::lock_guard lock(mutex);
  auto& a = arenas[n_threads];
  if (!a) {
    // oneTBB uses more threads than cores only if its limit is raised.
    static std::map<int, std::unique_ptr<tbb::global_control>> controls;
    auto& control = controls[n_threads];
    if (n_threads > static_cast<int>(tbb::global_control::active_value(
                        tbb::global_control::max_allowed_parallelism)))
      control = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                      n_threads);
    a = std::make_unique<tbb::task_arena>(n_threads);
  }
  return *a;
}

}  // namespace

int thread_index() { return std::max(tbb::this_task_arena::current_thread_index(), 0); }

void loops::region(int n_threads, void (*work)(const void* fn), const void* fn) {
  arena(n_threads).execute([&] {
    struct Helpers : tbb::task_group {
      ~Helpers() { wait(); }
    };
    Team team(n_threads);
    Helpers helpers;
    for (int i = 1; i < n_threads; ++i) helpers.run([&] { team.help(); });
    const Team::Owner owner(team);  // destroyed first, which releases the helpers
    work(fn);
  });
}

void loops::parts(int n_threads, std::int64_t n, std::int64_t least, Team::Body body,
                  const void* fn) {
  arena(n_threads).execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::int64_t>(0, n, least),
        [&](const tbb::blocked_range<std::int64_t>& r) { body(fn, r.begin(), r.end()); });
  });
}

}  // namespace ponder
