// Pieces are taken by compare-and-swap; whoever waits spins, and lets others run when that takes long.
#include "base/team.h"

#include <thread>
#include <utility>

namespace ponder {
namespace {

thread_local Team* t_current = nullptr;

constexpr std::uint64_t kPieces = 0xffffffffu;

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

bool Team::take_piece() {
  std::uint64_t ticket = ticket_.load(std::memory_order_relaxed);
  do {
    if ((ticket & kPieces) == 0) return false;
  } while (!ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acquire, std::memory_order_relaxed));
  try {
    body_(fn_, n_ - static_cast<std::int64_t>(ticket & kPieces));
  } catch (...) {
    if (!failed_.exchange(true)) error_ = std::current_exception();
  }
  n_done_.fetch_add(1, std::memory_order_release);
  return true;
}

void Team::help() {
  int n_waits = 0;
  while (!stopped_.load(std::memory_order_acquire)) {
    if (take_piece())
      n_waits = 0;
    else
      pause(n_waits);
  }
}

void Team::run(std::int64_t n, Body body, const void* fn) {
  n_ = n;
  body_ = body;
  fn_ = fn;
  n_done_.store(0, std::memory_order_relaxed);
  const std::uint64_t number = (ticket_.load(std::memory_order_relaxed) >> 32) + 1;
  ticket_.store(number << 32 | static_cast<std::uint64_t>(n), std::memory_order_release);
  t_current = nullptr;  // a loop inside a loop is no business of this team
  while (take_piece()) {
  }
  t_current = this;
  int n_waits = 0;
  while (n_done_.load(std::memory_order_acquire) != n) pause(n_waits);
  if (failed_.exchange(false)) std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace ponder
