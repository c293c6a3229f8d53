// Arenas by number of threads, shared by all models of the process.
#include <tbb/global_control.h>

#include <map>
#include <memory>
#include <mutex>

#include "base/parallel.h"

namespace ponder {

tbb::task_arena& arena(int n_threads) {
  static std::mutex mutex;
  static std::map<int, std::unique_ptr<tbb::task_arena>> arenas;
  const std::lock_guard lock(mutex);
  auto& a = arenas[n_threads];
  if (!a) {
    // More threads than cores only when asked for by name.
    static std::map<int, std::unique_ptr<tbb::global_control>> controls;
    auto& control = controls[n_threads];
    if (n_threads > static_cast<int>(tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism)))
      control = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism, n_threads);
    a = std::make_unique<tbb::task_arena>(n_threads);
  }
  return *a;
}

}  // namespace ponder
