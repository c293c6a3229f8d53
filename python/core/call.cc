// Waiting for a thread, and for signals.
#include "call.h"

#include <utility>

namespace nb = nanobind;

namespace ponder::python {

void Interrupts::poll() {
  if (PyErr_CheckSignals() == 0) return;
  if (keeps_ && !flags_.finish && PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
    PyErr_Clear();
    flags_.finish = true;
    return;
  }
  error_.emplace();
  flags_.cancel = true;
}

void Interrupts::raise() {
  if (error_) throw nb::python_error(std::move(*error_));
}

Worker::Worker(std::function<void()> work)
    : thread_([this, work = std::move(work)] {
        try {
          work();
        } catch (...) {
          thrown_ = std::current_exception();
        }
        const std::scoped_lock lock(mutex_);
        done_ = true;
        changed_.notify_all();
      }) {}

Worker::~Worker() {
  if (thread_.joinable()) thread_.join();
}

bool Worker::wait() {
  const nb::gil_scoped_release free;
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kMoment, [this] { return done_; });
}

void Worker::join() {
  {
    const nb::gil_scoped_release free;
    if (thread_.joinable()) thread_.join();
  }
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, {}));
}

void run(Flags& flags, bool keeps, std::function<void()> work) {
  Interrupts interrupts(flags, keeps);
  Worker worker(std::move(work));
  while (!worker.wait()) interrupts.poll();
  worker.join();
  interrupts.raise();
}

}  // namespace ponder::python
