// From the library's errors to Python's exceptions. The classes are those of ponder/_errors.py.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "ponder/core/status.h"

namespace ponder::python {

/// An Error on its way to Python.
class Failure final : public std::exception {
 public:
  explicit Failure(Error e) : error_(std::move(e)), message_(error_.message()) {}
  const char* what() const noexcept override { return message_.c_str(); }
  const Error& error() const { return error_; }

 private:
  Error error_;
  std::string message_;
};

/// Of a call whose model was closed while it ran.
inline Error closed_meanwhile() {
  return {Code::kCancelled, "a model that stays open", "one that was closed", "Model", ""};
}

/// The value, or a Failure thrown.
template <class T>
T value_of(Result<T> r) {
  if (!r.ok()) throw Failure(r.error());
  return std::move(*r);
}

/// Makes every Failure that leaves a function of this module an exception of Python.
void translate_failures();

}  // namespace ponder::python
