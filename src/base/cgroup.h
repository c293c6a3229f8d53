// What this process's control group, and those above it, leave it: CPUs and memory. Linux, cgroup
// v1 and v2. Not what the machine has: threads.cc and memory.cc take the smaller of the two.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace ponder {

struct CgroupLimits {
  double cpus = std::numeric_limits<double>::infinity();  // quota / period
  std::int64_t memory_left =
      std::numeric_limits<std::int64_t>::max();  // bytes; cached files count as free
};
/// `mount`: where the controllers are; `self`: the groups of this process, one a line (cgroups(7)).
/// Missing files limit nothing.
CgroupLimits cgroup_limits(const std::string& mount = "/sys/fs/cgroup",
                           const std::string& self = "/proc/self/cgroup");

}  // namespace ponder
