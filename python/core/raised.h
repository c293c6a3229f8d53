// What a Density of Python raises within a pass: on a thread on which nobody can catch it, and for
// whichever calls share the pass. It waits here until they end.
#pragma once

#include <nanobind/nanobind.h>

#include <optional>

#include "ponder/core/status.h"

namespace ponder::python {

/// Says, while it lasts, that this thread is in a function of Python, so that Interrupts reach it.
/// With the GIL.
class InPython {
 public:
  explicit InPython(std::optional<unsigned long>& thread) : thread_(thread) {
    thread_ = PyThread_get_thread_ident();
  }
  InPython(const InPython&) = delete;
  InPython& operator=(const InPython&) = delete;
  ~InPython() { thread_.reset(); }

 private:
  std::optional<unsigned long>& thread_;
};

/// Threads: any, with the GIL.
class Raised {
 public:
  Raised() = default;
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;
  ~Raised();
  /// Keeps the exception. Returns the error that ends a search with what it knows.
  Error keep(nanobind::python_error&&);
  /// The last exception, for every call whose pass it has ended.
  const std::optional<nanobind::python_error>& last() const { return last_; }
  /// Nobody waits for it any more. Its traceback may know the model, which would keep both for
  /// ever.
  void forget() { last_.reset(); }

  std::optional<unsigned long> in_python{};  // the thread that is in a method now

 private:
  std::optional<nanobind::python_error> last_{};
};

}  // namespace ponder::python
