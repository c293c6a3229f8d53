// A fitness at work: the terms of a FitnessRequest, with the motifs, oracles and language models
// that it names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ponder/dna/search.h"
#include "ponder/session/design.h"

namespace ponder {

struct NamedMotif {
  std::string name;  // what the term is called, or the motif itself
  dna::MotifMatch match;
};

struct Fitness {
  std::vector<std::unique_ptr<Term>> terms{};
  std::vector<double> weights{};
  std::vector<NamedMotif>
      motifs{};  // of the terms "motif": their best places are told of every design
  std::vector<std::string> warnings{};  // what was read, but is hardly what its author meant
  dna::Constraints constraints{};
  dna::ExactFitness exact{};  // when is_exact: the same fitness for dynamic programming
  bool is_exact = true;       // best motifs of positive weight and similarity alone
};

/// For sequences of a length. start: may be empty.
/// Errors: kInvalid (constraints that no sequence of the length keeps, motifs that do not fit),
/// those of the files.
Result<Fitness> make_fitness(const FitnessRequest&, const dna::Sequence& start, int length,
                             int max_edits, int n_threads);

/// The oracle of a file, for sequences of a length. Errors: kInvalid (another length), those of
/// read_oracle.
Result<std::unique_ptr<dna::LetterTerm>> open_oracle(const std::string& path, int length,
                                                     int n_threads);

/// log p(sequence | prompt) under a model, one token a letter. `where`: for messages.
/// Errors: kInvalid (no token to begin with), those of the model and of letter_tokens.
Result<std::unique_ptr<dna::LetterTerm>> open_language_term(const LanguageFitness&, int length,
                                                            int n_threads,
                                                            const std::string& where);

}  // namespace ponder
