// Exceptions on their way from a pass to the call that asked.
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

void Raised::tell(int before, bool has_result) {
  if (count_ == before || !last_) return;  // or another thread has told it
  nb::python_error e = std::move(*std::exchange(last_, std::nullopt));
  if (!has_result) throw e;
  const nb::object type = nb::module_::import_("ponder._errors").attr("EndedEarly");
  const nb::object warning = type(e.type().attr("__name__"), e.value());
  warning.attr("__cause__") = e.value();
  nb::module_::import_("warnings").attr("warn")(warning, nb::arg("stacklevel") = 4);
}

}  // namespace ponder::python
