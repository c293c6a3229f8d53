// Texts of models to Python. They may be any bytes: what is no UTF-8 is replaced, as in JSON.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

namespace ponder::python {

inline nanobind::str text_of(const std::string& s) {
  return nanobind::steal<nanobind::str>(
      PyUnicode_DecodeUTF8(s.data(), static_cast<Py_ssize_t>(s.size()), "replace"));
}

}  // namespace ponder::python
