// Sessions are lent and taken back; a fork is noticed by the process's number.
#include "model.h"

#include <algorithm>

#include <nanobind/nanobind.h>

namespace nb = nanobind;

namespace ponder::python {
namespace {

constexpr std::size_t kMostIdle = 8;  // sessions, each with the prompts that it has read

}  // namespace

void Model::close() {
  if (forked()) {
    new std::shared_ptr<SharedSession>(std::move(shared_));  // kept for ever, on purpose
    for (auto& caller : idle_) (void)caller.release();
    idle_.clear();
    return;
  }
  const nb::gil_scoped_release free;
  std::vector<std::unique_ptr<Caller>> idle;
  std::shared_ptr<SharedSession> shared;
  const std::scoped_lock lock(mutex_);
  for (Caller* caller : lent_) caller->flags.cancel = true;
  idle.swap(idle_);
  shared.swap(shared_);
}

bool Model::closed() const {
  const std::scoped_lock lock(mutex_);
  return !shared_;
}

void Model::check_process() const {
  if (forked())
    throw Failure({Code::kInvalid, "a model that this process has opened",
                   "one that was open before a fork", "Model",
                   "open it again in a process that was spawned: "
                   "multiprocessing.get_context(\"spawn\")"});
}

std::shared_ptr<SharedSession> Model::opened() const {
  check_process();
  const std::scoped_lock lock(mutex_);
  return opened_locked();
}

std::shared_ptr<SharedSession> Model::opened_locked() const {
  if (!shared_)
    throw Failure({Code::kInvalid, "an open model", "one that was closed", "Model",
                   "open it again with ponder.Model(…)"});
  return shared_;
}

Loan Model::lend() {
  check_process();
  const std::scoped_lock lock(mutex_);
  const auto shared = opened_locked();
  std::unique_ptr<Caller> caller;
  if (idle_.empty()) {
    caller = std::make_unique<Caller>();
    caller->flags.density = raised_;
    caller->session = shared->caller(&caller->flags.cancel, &caller->flags.failed);
  } else {
    caller = std::move(idle_.back());
    idle_.pop_back();
    caller->flags.finish = caller->flags.failed = false;
  }
  lent_.push_back(caller.get());
  return {*this, std::move(caller)};
}

void Model::forget_raised() {
  if (!raised_ || forked()) return;
  const bool idle = [this] {
    const std::scoped_lock lock(mutex_);
    return lent_.empty();
  }();
  if (idle) raised_->forget();
}

void Model::take_back(std::unique_ptr<Caller> caller) {
  if (forked()) {
    (void)caller.release();  // the threads that it would have to tell are not there
    return;
  }
  const nb::gil_scoped_release free;
  const std::scoped_lock lock(mutex_);
  std::erase(lent_, caller.get());
  // The pool holds no session of a call that was cancelled, nor of a model that was closed.
  if (shared_ && !caller->flags.cancel && idle_.size() < kMostIdle)
    idle_.push_back(std::move(caller));
}

Loan::~Loan() {
  model_.take_back(std::move(caller_));
  model_.forget_raised();
}

}  // namespace ponder::python
