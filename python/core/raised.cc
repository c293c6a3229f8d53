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
  return out;
}

}  // namespace ponder::python
