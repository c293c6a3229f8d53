// Energy terms as the command line spells them: --term name:weight[:argument], --length-prior. Parsing, and what the
// terms need of tokenizer and template; what they are: ponder/terms.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ponder/energy.h"
#include "session.h"

namespace ponder::app {

struct TermArgs {
  std::vector<std::string> terms;
  std::string length_prior;
  /// `proof`: with a help that names only what a proof can bound.
  void add(CLI::App&, bool proof = false);
  /// Refuses by name the terms that no proof can bound.
  void check_provable() const;
  bool empty() const { return terms.empty() && length_prior.empty(); }
  std::string text() const;  // all of it, as it was given
};

/// Terms, and their weights beta beside them.
struct Terms {
  std::vector<std::unique_ptr<Term>> terms;
  std::vector<double> beta;
};

/// `prompt`: the ids that are replied to; `question`: their text, for terms that ask the model about it.
Terms make_terms(const TermArgs&, Engine&, const std::vector<Token>& prompt, const std::string& question);

}  // namespace ponder::app
