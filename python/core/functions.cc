// What is the same for all functions of Python.
#include "functions.h"

namespace nb = nanobind;

namespace ponder::python {

Function::~Function() {
  const nb::gil_scoped_acquire held;
  f_.reset();
}

Error Function::ended() const {
  return {Code::kCancelled, "a value", "an exception of Python", name_, ""};
}

}  // namespace ponder::python
