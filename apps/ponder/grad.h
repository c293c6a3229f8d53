// What `ponder grad` (grad.cc) and its --check (grad_check.cc) share: flags, and the conversion of
// requests to gradient requests.
#pragma once

#include "ponder/session/gradient.h"
#include "requests.h"

namespace ponder::app {

struct GradArgs : RequestArgs {
  std::string reply, out = ".";
  double tape_mb = 0;
  bool end = false;
  bool check = false;
  GradientCheckOptions options;
};

/// The gradient that a line asks for. Errors: kInvalid (the line has no prompt or no reply).
Result<GradientRequest> gradient_request(const RequestLine&);
/// Calls calls.fn for the request of the command line, or for every line of --input. Returns the
/// exit code.
Result<int> for_gradients(const GradArgs&, const Session&, const LineCalls& calls);

/// Checks the gradients of all requests one by one and prints the verdict. Returns the exit code.
Result<int> check_gradients(const GradArgs&, Session&);

}  // namespace ponder::app
