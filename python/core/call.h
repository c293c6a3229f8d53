// A call of the engine as Python sees it: it runs on a thread of its own while the thread that
// called waits without the GIL and looks for signals. Ctrl-C asks a search for the best it has; a
// second one, or one where nothing can be kept, ends it within a pass and raises KeyboardInterrupt.
// What does not look at its flags, such as the loading of a model, ends when it is done.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <optional>

#include <nanobind/nanobind.h>

#include "raised.h"

namespace ponder::python {

/// What a call looks at while it works.
struct Flags {
  std::atomic<bool> finish{false};  // end soon, with what is known: Budget::stop
  std::atomic<bool> cancel{false};  // end within a pass, with nothing: the caller's stop flag
  std::atomic<bool> failed{false};  // a pass of the call has failed: CallerOptions
  // With the GIL: what a function of Python that the call uses has raised, which finishes the call;
  // and the thread that is in such a function now (functions.h).
  std::optional<nanobind::python_error> raised{};
  std::optional<unsigned long> in_python{};
  std::shared_ptr<Raised> density{};  // of a model whose numbers are Python's
};

/// Signals that come while a call works.
class Interrupts {
 public:
  /// `keeps`: the call has something to return when it is asked to finish.
  Interrupts(Flags& flags, bool keeps) : flags_(flags), keeps_(keeps) {}
  /// Runs Python's signal handlers, with the GIL. What they raise is kept, and ends the call; but
  /// for the first KeyboardInterrupt, which finishes it.
  void poll();
  /// Raises what was kept.
  void raise();

 private:
  void interrupt_python() const;  // where the call is in a function of Python

  Flags& flags_;
  bool keeps_;
  std::optional<nanobind::python_error> error_{};
};

/// Work on a thread of its own. Threads: any.
class Worker {
 public:
  explicit Worker(std::function<void()> work)
      : done_(std::async(std::launch::async, std::move(work))) {}
  /// Waits for at most a moment, without the GIL; true: the work is done.
  bool wait() const;
  /// Waits for the end, without the GIL, and throws what the work has thrown.
  void join() const;

 private:
  std::shared_future<void> done_;
};

/// How long a signal may wait.
inline constexpr std::chrono::milliseconds kMoment{20};

/// Runs the work, with signals as above; with the GIL at the beginning and at the end.
void run(Flags&, bool keeps, std::function<void()> work);

/// After a call without an answer: raises what a function of Python has raised, or else
/// KeyboardInterrupt where it was asked to finish.
void raise_why(Flags&);
/// After a call with an answer: warns of what a function of Python has raised. The flags forget it.
void warn_raised(Flags&);

}  // namespace ponder::python
