// Functions of Python that the library calls while it works: the GIL is taken here, and nowhere
// else on the thread of a call. What they raise ends the call (Flags::raised).
#pragma once

#include <string>
#include <utility>

#include <nanobind/nanobind.h>

#include "call.h"
#include "ponder/core/status.h"

namespace ponder::python {

/// `flags`: those of the call, which outlive the function.
class Function {
 public:
  Function(std::string name, nanobind::object f, Flags& flags)
      : name_(std::move(name)), f_(std::move(f)), flags_(flags) {}
  Function(const Function&) = delete;
  Function& operator=(const Function&) = delete;
  /// On any thread.
  ~Function();
  const std::string& name() const { return name_; }
  /// Is there a function, or None?
  explicit operator bool() const { return !f_.is_none(); }
  /// Runs use(function) with the GIL. Errors: kCancelled (an exception of Python, now or in an
  /// earlier call: the flags have it).
  template <class Use>
  Status call(const Use& use) const {
    const nanobind::gil_scoped_acquire held;
    if (flags_.raised) return ended();
    const InPython here(flags_.in_python);
    try {
      use(f_);
      return {};
    } catch (nanobind::python_error& e) {
      flags_.raised.emplace(std::move(e));
    }
    flags_.finish = true;
    return ended();
  }

 private:
  Error ended() const;

  std::string name_;
  nanobind::object f_;
  Flags& flags_;
};

}  // namespace ponder::python
