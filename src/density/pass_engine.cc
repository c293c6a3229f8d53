// The engine's loop: waits for work, waits a little for more, runs one pass, and wakes the callers
// whose jobs are done.
#include "density/pass_engine.h"

#include <algorithm>
#include <new>

namespace ponder {
namespace {

Error cancelled() {
  return {Code::kCancelled, "a caller that goes on", "one that was stopped", "a shared density",
          ""};
}

}  // namespace

PassEngine::PassEngine(std::unique_ptr<LanguageDensity> d, const SharedOptions& o)
    : density_(std::move(d)),
      piece_tokens_(static_cast<std::size_t>(std::max(o.piece_tokens, 4))),
      thread_([this] { serve(); }) {}

PassEngine::~PassEngine() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  arrived_.notify_one();
}

void PassEngine::enter(PassCaller& c) {
  const std::lock_guard lock(mutex_);
  c.account = ++last_account_;
  callers_.push_back(&c);
}

void PassEngine::leave(PassCaller& c) {
  const std::lock_guard lock(mutex_);
  std::erase(callers_, &c);
  if (c.expected && --n_expected_ == 0) arrived_.notify_one();
}

void PassEngine::run(PassJob& job) {
  std::unique_lock lock(mutex_);
  if (job.caller.expected) --n_expected_;
  job.caller.expected = false;
  queue_.push_back(&job);
  // The engine's thread sleeps until the queue has a job, and then until all expected callers have
  // queued one. Only these two events need a wake-up.
  if (queue_.size() == 1 || n_expected_ == 0) arrived_.notify_one();
  job.changed.wait(lock, [&] { return job.done; });
}

SharedStats PassEngine::stats() const {
  const std::lock_guard lock(mutex_);
  SharedStats s = stats_;
  s.waiting = static_cast<int>(queue_.size());
  return s;
}

void PassEngine::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    if (!queue_.front()->alone) wait_for_others(lock);
    end_cancelled();
    if (queue_.empty()) continue;
    if (PassJob& first = *queue_.front(); first.alone) {
      queue_.pop_front();
      lock.unlock();
      run_alone(first);
      lock.lock();
      finish(first);
      continue;
    }
    const Jobs jobs = take_batches();
    lock.unlock();
    const auto start = std::chrono::steady_clock::now();
    const std::vector<Part> parts = share_out(jobs);
    run_pass(parts);
    const Duration spent = std::chrono::steady_clock::now() - start;
    lock.lock();
    last_pass_ = spent;
    put_back(jobs, parts);
  }
}

// Waits for the callers that took part in earlier passes, at most for a tenth of a pass: a full
// pass saves more than that. A slow caller costs the others this tenth only once.
void PassEngine::wait_for_others(std::unique_lock<std::mutex>& lock) {
  constexpr Duration kLeast = std::chrono::microseconds(50);
  const auto until = std::chrono::steady_clock::now() + std::max(kLeast, last_pass_ / 10);
  if (arrived_.wait_until(lock, until, [&] { return stopping_ || n_expected_ == 0; })) return;
  for (PassCaller* c : callers_) {
    stats_.missed += c->expected ? 1 : 0;
    c->expected = false;
  }
  n_expected_ = 0;
}

void PassEngine::finish(PassJob& job) {
  job.caller.expected = true;
  ++n_expected_;
  job.done = true;
  // called with the lock held, since the job may be destroyed once its caller sees `done`
  job.changed.notify_one();
}

void PassEngine::end_cancelled() {
  std::erase_if(queue_, [this](PassJob* job) {
    if (!job->caller.cancelled()) return false;
    job->fail(cancelled());
    finish(*job);
    return true;
  });
}

PassEngine::Jobs PassEngine::take_batches() {
  Jobs jobs;
  std::erase_if(queue_, [&jobs](PassJob* job) {
    if (!job->alone) jobs.push_back(job);
    return !job->alone;
  });
  return jobs;
}

// Jobs that had no piece in the pass go to the front of the queue; unfinished jobs that had one go
// to the back.
void PassEngine::put_back(const Jobs& jobs, const std::vector<Part>& parts) {
  ++stats_.passes;
  stats_.parts += static_cast<std::int64_t>(parts.size());
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job)
    if (std::none_of(parts.begin(), parts.end(), [&](const Part& p) { return p.job == *job; }))
      queue_.push_front(*job);
  for (const Part& p : parts) {
    if (p.job->over())
      finish(*p.job);
    else
      queue_.push_back(p.job);
  }
}

// Small batches always take part. Large batches share the free tokens, in turn.
std::vector<PassEngine::Part> PassEngine::share_out(const Jobs& jobs) const {
  std::vector<Part> parts;
  std::size_t n_free = piece_tokens_;
  for (PassJob* job : jobs) {
    const bool small = job->n_left() <= piece_tokens_ / 4;
    std::vector<PassJob::Piece> pieces = job->next(small ? piece_tokens_ : n_free, piece_tokens_);
    if (pieces.empty()) continue;
    for (const PassJob::Piece& p : pieces)
      if (!small) n_free -= std::max<std::size_t>(p.end - p.begin, 1);
    parts.push_back({job, std::move(pieces)});
  }
  return parts;
}

// If a merged pass fails as a whole, runs each caller's part by itself, so that each caller gets
// its own error.
void PassEngine::run_pass(const std::vector<Part>& parts) {
  if (run_parts(parts, parts.size() > 1)) return;
  for (const Part& p : parts) run_parts({&p, 1}, false);
}

// Runs one pass over these parts. Returns false if the pass is `merged` and all its requests
// failed.
bool PassEngine::run_parts(std::span<const Part> parts, bool merged) {
  std::vector<Extend> batch;
  for (const Part& part : parts)
    for (const PassJob::Piece& p : part.pieces) {
      batch.push_back(
          piece_of(part.job->requests[p.request], part.job->states[p.request].at, p.begin, p.end));
      batch.back().account = part.job->caller.account;
    }
  Rows rows;
  try {
    (void)density_->extend(batch, rows);
  } catch (const std::bad_alloc&) {
    (void)rows.fail(batch.size(),
                    {Code::kResource, "memory for a pass", "none left", "a shared density", ""});
  }
  if (merged &&
      std::none_of(rows.status.begin(), rows.status.end(), [](const Status& s) { return s.ok(); }))
    return false;
  std::size_t i = 0;
  for (const Part& part : parts)
    for (const PassJob::Piece& p : part.pieces) part.job->absorb(p, i++, rows);
  return true;
}

void PassEngine::run_alone(PassJob& job) {
  const Cost before = density_->cost();
  try {
    job.status = job.alone();
  } catch (...) {
    job.thrown = std::current_exception();
  }
  job.cost = density_->cost() - before;
}

}  // namespace ponder
