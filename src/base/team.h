// Team: the threads of an arena kept awake for a while, so that hundreds of short loops in a row
// need not wake them each time. The threads are oneTBB's; a thread that the system has suspended
// delays only the steps that it works on. Used through parallel.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>

namespace ponder {

class Team {
 public:
  explicit Team(int n_threads) : n_threads_(n_threads) {}
  /// The team of the region that this thread has opened, or null; null inside the body of a loop.
  static Team* current();

  /// The loop of a helper thread, which takes steps of loops until stop().
  void help();
  void stop() { stopped_.store(true, std::memory_order_release); }

  /// Body of a loop: steps [begin, end) of fn's work.
  using Body = void (*)(const void* fn, std::int64_t begin, std::int64_t end);
  /// Runs the steps [0, n) on all threads that are awake, `least` or more at a time. Only the owner
  /// calls it. Throws what a body threw.
  void run(std::int64_t n, std::int64_t least, Body body, const void* fn);

  /// Makes this thread the owner of a team for a scope.
  class Owner {
   public:
    explicit Owner(Team&);
    ~Owner();
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;

   private:
    Team& team_;
  };

 private:
  bool take_steps();

  // A variable that one thread writes while another waits for it has its own cache line.
  static constexpr int kLine = 64;
  // The loop's number in the high half, steps not yet taken in the low half: both in one word, so
  // that a late helper cannot take steps of a loop that is over.
  alignas(kLine) std::atomic<std::uint64_t> ticket_{0};
  alignas(kLine) std::atomic<std::int64_t> n_done_{0};
  alignas(kLine) std::atomic<bool> stopped_{false}, failed_{false};
  std::atomic<std::int64_t> least_{1};
  const int n_threads_;
  // The present loop. These are written before its ticket, and only threads that hold steps of the
  // loop read them.
  std::int64_t n_ = 0;
  Body body_ = nullptr;
  const void* fn_ = nullptr;
  std::exception_ptr error_;
};

}  // namespace ponder
