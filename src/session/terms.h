// Energy terms of a request, made for one prompt of a session. How they are written:
// ponder/session/specs.h; what they are: ponder/energy/terms.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ponder/energy/energy.h"
#include "ponder/session.h"
#include "ponder/session/specs.h"

namespace ponder {

/// Terms, and their weights beta beside them.
struct Terms {
  std::vector<std::unique_ptr<Term>> terms{};
  std::vector<double> beta{};
};
/// Errors: kInvalid (an argument that the term does not take); those of reading what the term asks
/// the model.
Result<Terms> make_terms(const TermsRequest&, Session&, const Prompt&);

/// The whole of a text as a finite number; false where it is none.
bool read_number(const std::string&, double& out);
Error bad_term(const std::string& expected, const std::string& got, const std::string& hint = "");

}  // namespace ponder
