// Failures become instances of the class that ponder._errors has for their code.
#include "errors.h"

#include <nanobind/nanobind.h>

#include "texts.h"

namespace nb = nanobind;

namespace ponder::python {
namespace {

const char* name_of(Code code) {
  switch (code) {
    case Code::kInvalid:
      return "InvalidError";
    case Code::kNotFound:
      return "NotFoundError";
    case Code::kUnsupported:
      return "UnsupportedError";
    case Code::kResource:
      return "ResourceError";
    case Code::kIo:
      return "IoError";
    case Code::kNumeric:
      return "NumericError";
    case Code::kCancelled:
      return "CancelledError";
  }
  return "Error";
}

void raise(const Error& e) {
  const nb::object type = nb::module_::import_("ponder._errors").attr(name_of(e.code));
  const nb::object value =
      type(text_of(e.expected), text_of(e.got), text_of(e.where), text_of(e.hint));
  PyErr_SetObject(type.ptr(), value.ptr());
}

}  // namespace

void translate_failures() {
  nb::register_exception_translator([](const std::exception_ptr& p, void*) {
    try {
      std::rethrow_exception(p);
    } catch (const Failure& f) {
      raise(f.error());
    }
  });
}

}  // namespace ponder::python
