// The energy terms of a request, made for one prompt of a session. Their syntax:
// ponder/session/specs.h; the terms themselves: ponder/energy/terms.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ponder/energy/energy.h"
#include "ponder/session.h"
#include "ponder/session/specs.h"

namespace ponder {

/// Terms and their weights beta.
struct Terms {
  std::vector<std::unique_ptr<Term>> terms{};
  std::vector<double> beta{};
};
/// Errors: kInvalid (an argument that the term does not accept); for terms that ask the model,
/// those of the density.
Result<Terms> make_terms(const TermsRequest&, Session&, const Prompt&);

/// Reads the whole text as a finite number. Returns false if the text is not one.
bool read_number(const std::string&, double& out);
Error bad_term(const std::string& expected, const std::string& got, const std::string& hint = "");

}  // namespace ponder
