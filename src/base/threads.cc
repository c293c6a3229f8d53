// The number of threads that this process may use, from scheduler affinity and the cgroup CPU
// quota.
#include <sched.h>

#include <algorithm>
#include <cmath>

#include "base/cgroup.h"
#include "ponder/core/machine.h"

namespace ponder {

int available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  const double quota = cgroup_limits().cpus;
  if (quota < n) n = static_cast<int>(std::ceil(quota));
  return std::max(n, 1);
}

}  // namespace ponder
