// Limits of control groups from made-up hierarchies of both versions.
#include "base/cgroup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace ponder {
namespace {

class Cgroup : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::temp_directory_path() / ("ponder-cgroup-" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  void put(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((dir_ / name).parent_path());
    std::ofstream(dir_ / name) << text;
  }
  CgroupLimits limits(const std::string& self) {
    put("self", self);
    return cgroup_limits(dir_.string(), (dir_ / "self").string());
  }
  std::filesystem::path dir_;
};

TEST_F(Cgroup, NothingSaidNothingLimited) {
  for (const char* self : {"", "0::/\n", "0::/no/such/group\n", "nonsense\n", "4:memory:/a\n"}) {
    const CgroupLimits l = limits(self);
    EXPECT_TRUE(std::isinf(l.cpus)) << self;
    EXPECT_EQ(l.memory_left, std::numeric_limits<std::int64_t>::max()) << self;
  }
  put("a/cpu.max", "max 100000\n");
  put("a/memory.max", "max\n");
  put("a/memory.current", "5\n");
  EXPECT_TRUE(std::isinf(limits("0::/a\n").cpus));
}

TEST_F(Cgroup, TheTightestOfAGroupAndThoseAboveIt) {
  put("a/b/cpu.max", "400000 100000\n");
  put("a/cpu.max", "150000 100000\n");
  put("a/b/memory.max", "1000\n");
  put("a/b/memory.current", "900\n");
  put("a/b/memory.stat", "anon 500\ninactive_file 300\nactive_file 7\n");
  put("memory.max", "5000\n");
  put("memory.current", "4900\n");
  EXPECT_EQ(limits("0::/a/b\n").cpus, 1.5);
  EXPECT_EQ(limits("0::/a/b\n").memory_left, 100);
  put("memory.current", "10\n");
  EXPECT_EQ(limits("0::/a/b\n").memory_left, 400);
  put("a/b/memory.current", "9000\n");
  EXPECT_EQ(limits("0::/a/b\n").memory_left, 0);
}

TEST_F(Cgroup, VersionOne) {
  put("cpu/g/cpu.cfs_quota_us", "250000\n");
  put("cpu/g/cpu.cfs_period_us", "100000\n");
  put("cpu/cpu.cfs_quota_us", "-1\n");
  put("cpu/cpu.cfs_period_us", "100000\n");
  put("memory/m/memory.limit_in_bytes", "1000\n");
  put("memory/m/memory.usage_in_bytes", "700\n");
  put("memory/m/memory.stat", "total_inactive_file 200\n");
  put("memory/memory.limit_in_bytes", "9223372036854771712\n");
  put("memory/memory.usage_in_bytes", "700\n");
  const CgroupLimits l = limits("4:memory:/m\n2:cpu,cpuacct:/g\n0::/\n");
  EXPECT_EQ(l.cpus, 2.5);
  EXPECT_EQ(l.memory_left, 500);
}

}  // namespace
}  // namespace ponder
