// Exceptions on their way from a pass to the calls that asked.
#include "raised.h"

#include <utility>

namespace nb = nanobind;

namespace ponder::python {

Raised::~Raised() {
  const nb::gil_scoped_acquire gil;
  last_.reset();
}

Error Raised::keep(nb::python_error&& e) {
  const Error out{Code::kCancelled, "code of Python's that does not raise", e.what(), "a pass", ""};
  last_.emplace(std::move(e));
  ++count_;
  return out;
}

std::optional<nb::python_error> Raised::take(int before) {
  std::optional<nb::python_error> out;
  if (count_ == before || !last_) return out;
  out.emplace(std::move(*last_));
  last_.reset();
  return out;
}

}  // namespace ponder::python
