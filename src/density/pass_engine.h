// PassEngine: the thread that runs all passes of a density, and the queue of jobs for which callers
// wait. Not the cutting of batches (pass_job.h), nor the conversion of references
// (caller_density.h).
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "density/pass_job.h"
#include "ponder/density/shared_density.h"

namespace ponder {

/// Threads: any number at once.
class PassEngine {
 public:
  PassEngine(std::unique_ptr<LanguageDensity>, const SharedOptions&);
  ~PassEngine();  // no caller may be left
  PassEngine(const PassEngine&) = delete;
  PassEngine& operator=(const PassEngine&) = delete;

  LanguageDensity& density() { return *density_; }
  void enter(PassCaller&);  // gives the caller an account
  void leave(PassCaller&);
  /// Queues the job and returns when it is done.
  void run(PassJob&);
  SharedStats stats() const;

 private:
  using Jobs = std::vector<PassJob*>;
  using Duration = std::chrono::steady_clock::duration;
  struct Part {
    PassJob* job;
    std::vector<PassJob::Piece> pieces;
  };
  void serve();
  void wait_for_others(std::unique_lock<std::mutex>&);
  void finish(PassJob&);
  void end_cancelled();
  Jobs take_batches();
  void put_back(const Jobs&, const std::vector<Part>&);
  // Called without the lock:
  std::vector<Part> share_out(const Jobs&) const;
  void run_pass(const std::vector<Part>&);
  bool run_parts(std::span<const Part>, bool whole);
  void run_alone(PassJob&);

  std::unique_ptr<LanguageDensity> density_;
  const std::size_t piece_tokens_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<PassJob*> queue_;
  std::vector<PassCaller*> callers_;
  int n_expected_ = 0;  // number of callers with PassCaller::expected
  int last_account_ = 0;
  bool stopping_ = false;
  Duration last_pass_{};
  SharedStats stats_;
  std::jthread thread_;  // declared last: the thread uses all members above
};

}  // namespace ponder
