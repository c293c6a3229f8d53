// Loops on plain threads, made for each region: for thread sanitizers, which do not see how oneTBB
// hands over work. Starting threads is too slow for other uses; programs use loops_tbb.cc.
#include <thread>
#include <vector>

#include "base/parallel.h"

namespace ponder {
namespace {

thread_local bool t_busy = false;  // in a region, or helping one
thread_local int t_index = 0;

void help(Team& team, int index) {
  t_busy = true;
  t_index = index;
  team.help();
}

}  // namespace

int thread_index() { return t_index; }

void loops::region(int n_threads, void (*work)(const void* fn), const void* fn) {
  if (t_busy) return work(fn);  // inside the body of a loop: run on this thread alone
  struct Busy {
    Busy() { t_busy = true; }
    ~Busy() { t_busy = false; }
  } busy;
  Team team(n_threads);
  std::vector<std::jthread> helpers;
  for (int i = 1; i < n_threads; ++i) helpers.emplace_back([&team, i] { help(team, i); });
  const Team::Owner owner(team);  // destroyed first, which releases the helpers
  work(fn);
}

void loops::parts(int n_threads, std::int64_t n, std::int64_t least, Team::Body body,
                  const void* fn) {
  if (t_busy) return body(fn, 0, n);
  const auto loop = [&] { Team::current()->run(n, least, body, fn); };
  region(
      n_threads, [](const void* f) { (*static_cast<const decltype(loop)*>(f))(); }, &loop);
}

}  // namespace ponder
