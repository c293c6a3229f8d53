// What a Density of Python raises within a pass: on a thread on which nobody can catch it, and for
// whichever calls share the pass. It waits here until they end.
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
  /// The last exception, if there were `before` at the begin of the call that asks, and no other
  /// call has taken it.
  std::optional<nanobind::python_error> take(int before);

  std::optional<unsigned long> in_python{};  // the thread that is in a method now

 private:
  std::atomic<int> count_{0};
  std::optional<nanobind::python_error> last_{};
};

}  // namespace ponder::python
