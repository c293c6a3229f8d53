// Texts to Python. Those of models may be any bytes: what is no UTF-8 is replaced, as in JSON.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "ponder/wire.h"

namespace ponder::python {

inline nanobind::str text_of(const std::string& s) {
  return nanobind::steal<nanobind::str>(
      PyUnicode_DecodeUTF8(s.data(), static_cast<Py_ssize_t>(s.size()), "replace"));
}

/// The record of an answer, made without the GIL: the first one reads the whole model file, for its
/// SHA-256.
template <class... A>
std::string record_of(const A&... answer) {
  const nanobind::gil_scoped_release free;
  return to_json(answer...);
}

}  // namespace ponder::python
