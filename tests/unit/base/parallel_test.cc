// Parallel loops run every step once, on the arena and in a region, for any number of steps and
// least part.
#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace ponder {
namespace {

constexpr int kThreads = 4;

void every_step_once(std::int64_t n, std::int64_t least) {
  std::vector<std::atomic<int>> times(n);
  std::atomic<std::int64_t> steps{0}, smallest{n};
  parallel_parts(kThreads, n, least, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++times[i];
    steps += end - begin;
    if (end < n && end - begin < smallest) smallest = end - begin;
  });
  for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(times[i], 1) << "step " << i << " of " << n;
  EXPECT_EQ(steps, n);
  if (Team::current()) {
    EXPECT_GE(smallest, std::min(n, least)) << n;  // all parts but the last
  }
}

TEST(Parallel, RunsEveryStepOnce) {
  for (const std::int64_t n : {0, 1, 2, 3, 7, 64, 1000}) {
    for (const std::int64_t least : {1, 5, 100}) {
      every_step_once(n, least);
      parallel_region(kThreads, [&] {
        for (int repeat = 0; repeat < 20; ++repeat) every_step_once(n, least);
      });
    }
  }
}

TEST(Parallel, LoopsInsideALoopRunOnItsThread) {
  std::atomic<int> steps{0};
  parallel_region(kThreads, [&] {
    parallel_for(kThreads, 10,
                 [&](std::int64_t) { parallel_for(kThreads, 10, [&](std::int64_t) { ++steps; }); });
  });
  EXPECT_EQ(steps, 100);
}

TEST(Parallel, ThrowsWhatAStepThrewAndGoesOn) {
  parallel_region(kThreads, [&] {
    for (int repeat = 0; repeat < 20; ++repeat) {
      EXPECT_THROW(parallel_for(kThreads, 50,
                                [&](std::int64_t i) {
                                  if (i == 20) throw std::runtime_error("step 20");
                                }),
                   std::runtime_error);
      every_step_once(50, 1);
    }
  });
}

// Runs on plain threads, whose hand-over thread sanitizers understand.
TEST(Team, TakesEveryStepOnce) {
  Team team(kThreads);
  std::vector<std::thread> helpers;
  for (int i = 1; i < kThreads; ++i) helpers.emplace_back([&] { team.help(); });
  {
    const Team::Owner owner(team);
    for (int n = 1; n < 300; ++n) {
      std::vector<int> times(n);
      team.run(
          n, 1 + n % 7,
          [](const void* fn, std::int64_t begin, std::int64_t end) {
            auto& t = *static_cast<std::vector<int>*>(const_cast<void*>(fn));
            for (std::int64_t i = begin; i < end; ++i) ++t[i];
          },
          &times);
      ASSERT_EQ(times, std::vector<int>(n, 1));
    }
  }
  for (std::thread& h : helpers) h.join();
}

}  // namespace
}  // namespace ponder
