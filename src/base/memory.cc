// The kernel's own figure, and the limit of the control group.
#include "base/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "base/cgroup.h"

namespace ponder {

std::int64_t available_memory() {
  std::int64_t available = std::numeric_limits<std::int64_t>::max() / 4;
  std::ifstream info("/proc/meminfo");
  for (std::string key, unit; info >> key;) {
    std::int64_t kb = 0;
    info >> kb;
    std::getline(info, unit);
    if (key == "MemAvailable:") available = kb * 1024;
  }
  return std::min(available, cgroup_limits().memory_left);
}

}  // namespace ponder
