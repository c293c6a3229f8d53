// Threads take steps by compare-and-swap. A waiting thread spins, and yields when the wait is long.
#include "base/team.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace ponder {
namespace {

thread_local Team* t_current = nullptr;

constexpr std::uint64_t kSteps = 0xffffffffu;

void pause(int& n_waits) {
  constexpr int kSpins = 4000;  // some 50 us
  if (++n_waits < kSpins) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  } else {
    std::this_thread::yield();
  }
}

}  // namespace

Team* Team::current() { return t_current; }
Team::Owner::Owner(Team& t) : team_(t) { t_current = &t; }
Team::Owner::~Owner() {
  t_current = nullptr;
  team_.stop();
}

// Takes a part of the remaining steps: large parts at first, so that neighbouring steps stay on one
// thread, which profits from its prefetched data, and small ones in the end, when the threads must
// finish together. Guided self-scheduling, Polychronopoulos and Kuck 1987.
bool Team::take_steps() {
  constexpr std::uint64_t kPartsAThread = 2;
  std::uint64_t ticket = ticket_.load(std::memory_order_relaxed), left, part;
  do {
    left = ticket & kSteps;
    if (left == 0) return false;
    const auto least = static_cast<std::uint64_t>(least_.load(std::memory_order_relaxed));
    part = std::min(
        left, std::max(least, left / (kPartsAThread * static_cast<std::uint64_t>(n_threads_))));
  } while (!ticket_.compare_exchange_weak(ticket, ticket - part, std::memory_order_acquire,
                                          std::memory_order_relaxed));
  const auto n = static_cast<std::int64_t>(part), begin = n_ - static_cast<std::int64_t>(left);
  try {
    body_(fn_, begin, begin + n);
  } catch (...) {
    if (!failed_.exchange(true)) error_ = std::current_exception();
  }
  n_done_.fetch_add(n, std::memory_order_release);
  return true;
}

void Team::help() {
  int n_waits = 0;
  while (!stopped_.load(std::memory_order_acquire)) {
    if (take_steps())
      n_waits = 0;
    else
      pause(n_waits);
  }
}

void Team::run(std::int64_t n, std::int64_t least, Body body, const void* fn) {
  n_ = n;
  least_.store(std::max<std::int64_t>(least, 1), std::memory_order_relaxed);
  body_ = body;
  fn_ = fn;
  n_done_.store(0, std::memory_order_relaxed);
  const std::uint64_t number = (ticket_.load(std::memory_order_relaxed) >> 32) + 1;
  ticket_.store(number << 32 | static_cast<std::uint64_t>(n), std::memory_order_release);
  t_current = nullptr;  // the team does not run loops inside loops
  while (take_steps()) {
  }
  t_current = this;
  int n_waits = 0;
  while (n_done_.load(std::memory_order_acquire) != n) pause(n_waits);
  if (failed_.exchange(false)) std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace ponder
