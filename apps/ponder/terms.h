// The options --term and --length-prior.
#pragma once

#include <string>
#include <vector>

#include "ponder/session/specs.h"

namespace CLI {
class App;
}

namespace ponder::app {

struct TermArgs {
  std::vector<std::string> terms;
  std::string length_prior;
  /// proof: the help names only terms that have a bound for proofs.
  void add(CLI::App&, bool proof = false);
  bool empty() const { return terms.empty() && length_prior.empty(); }
  /// Errors: those of TermsRequest::parse.
  Result<TermsRequest> request() const { return TermsRequest::parse(terms, length_prior); }
};

}  // namespace ponder::app
