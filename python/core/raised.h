// Exceptions that code of Python's has raised within a pass of the library: on a thread on which
// nobody can catch them. They wait here for the call that asked.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <optional>

#include "ponder/core/status.h"

namespace ponder::python {

/// Threads: any, with the GIL, but for count().
class Raised {
 public:
  Raised() = default;
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;
  ~Raised();
  /// Keeps the exception. Returns the error that ends a search with what it knows.
  Error keep(nanobind::python_error&&);
  int count() const { return count_; }
  /// Tells a call at whose begin there were `before` exceptions: raises the last one if the call
  /// has nothing to return, and warns that the result is what was known by then if it has.
  void tell(int before, bool has_result);

 private:
  std::atomic<int> count_{0};
  std::optional<nanobind::python_error> last_{};
};

}  // namespace ponder::python
