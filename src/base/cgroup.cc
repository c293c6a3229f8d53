// Walks from the process's group up to the root of each hierarchy, since every group on the way
// limits the process.
#include "base/cgroup.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

namespace ponder {
namespace {

// Reads the first number in a file, or the number after a key; false when there is none ("max"
// counts as none).
template <class T>
bool read(const std::string& file, T& out, const std::string& key = "") {
  std::ifstream in(file);
  for (std::string word; !key.empty() && in >> word && word != key;) {
  }
  return static_cast<bool>(in >> out);
}

void limit_v2(const std::string& dir, CgroupLimits& out) {
  double quota = 0, period = 0;
  if (std::ifstream in(dir + "/cpu.max"); in >> quota >> period && period > 0)
    out.cpus = std::min(out.cpus, quota / period);
  std::int64_t max = 0, used = 0, cached = 0;
  if (!read(dir + "/memory.max", max) || !read(dir + "/memory.current", used)) return;
  read(dir + "/memory.stat", cached, "inactive_file");
  out.memory_left = std::min(out.memory_left, max - used + cached);
}

void limit_v1(const std::string& dir, CgroupLimits& out) {
  double quota = 0, period = 0;
  if (read(dir + "/cpu.cfs_quota_us", quota) && read(dir + "/cpu.cfs_period_us", period) &&
      quota > 0 && period > 0)
    out.cpus = std::min(out.cpus, quota / period);
  std::int64_t max = 0, used = 0, cached = 0;
  if (!read(dir + "/memory.limit_in_bytes", max) || !read(dir + "/memory.usage_in_bytes", used))
    return;
  read(dir + "/memory.stat", cached, "total_inactive_file");
  out.memory_left = std::min(out.memory_left, max - used + cached);
}

// "/a/b" -> "/a/b", "/a", "": the group and all groups above it.
std::vector<std::string> upwards(std::string path) {
  std::vector<std::string> all;
  for (; !path.empty(); path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/')))
    if (path != "/") all.push_back(path);
  all.emplace_back();
  return all;
}

}  // namespace

CgroupLimits cgroup_limits(const std::string& mount, const std::string& self) {
  CgroupLimits out;
  std::ifstream in(self);
  for (std::string line; std::getline(in, line);) {  // id:controllers:path; v2 has no controllers
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::istringstream controllers(line.substr(first + 1, second - first - 1));
    for (const std::string& group : upwards(line.substr(second + 1))) {
      if (second == first + 1) limit_v2(mount + group, out);
      controllers.clear();
      controllers.seekg(0);
      for (std::string name; std::getline(controllers, name, ',');)
        limit_v1(fmt::format("{}/{}{}", mount, name, group), out);
    }
  }
  out.memory_left = std::max<std::int64_t>(out.memory_left, 0);
  return out;
}

}  // namespace ponder
