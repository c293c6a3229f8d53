// The CPUs and the memory that this process's control group, and the groups above it, allow. Linux,
// cgroup v1 and v2. Not the resources of the machine: threads.cc and memory.cc take the smaller of
// the two.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace ponder {

struct CgroupLimits {
  double cpus = std::numeric_limits<double>::infinity();  // quota / period
  // bytes; cached files count as free
  std::int64_t memory_left = std::numeric_limits<std::int64_t>::max();
};
/// `mount`: folder of the controllers; `self`: file with the groups of this process, one a line
/// (cgroups(7)). Missing files are no limits.
CgroupLimits cgroup_limits(const std::string& mount = "/sys/fs/cgroup",
                           const std::string& self = "/proc/self/cgroup");

}  // namespace ponder
