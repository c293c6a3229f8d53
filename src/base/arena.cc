// Arenas by number of threads, shared by all models of the process.
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
  if (!a) a = std::make_unique<tbb::task_arena>(n_threads);
  return *a;
}

}  // namespace ponder
