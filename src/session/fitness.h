// Fitness: a FitnessRequest ready for use: its terms, with the motifs, oracles and language models
// that it names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ponder/dna/search.h"
#include "ponder/session/design.h"

namespace ponder {

struct NamedMotif {
  std::string name;  // the name of the term, or else that of the motif
  dna::MotifMatch match;
};

struct Fitness {
  std::vector<std::unique_ptr<Term>> terms{};
  std::vector<double> weights{};
  // The motifs of the terms "motif". Every design's answer has their best places.
  std::vector<NamedMotif> motifs{};
  // inputs that were accepted, but that the author hardly meant
  std::vector<std::string> warnings{};
  dna::Constraints constraints{};
  dna::ExactFitness exact{};  // if is_exact: the same fitness, for dynamic programming
  bool is_exact = true;       // all terms are best motifs of positive weight, or similarity
};

/// Makes the fitness for sequences of a given length. start: may be empty. Errors: kInvalid
/// (constraints that no sequence of the length satisfies, motifs that do not fit), those of the
/// files.
Result<Fitness> make_fitness(const FitnessRequest&, const dna::Sequence& start, int length,
                             int max_edits, int n_threads);

/// Opens the oracle of a file for sequences of a given length. Errors: kInvalid (the oracle has
/// another length), those of read_oracle.
Result<std::unique_ptr<dna::LetterTerm>> open_oracle(const std::string& path, int length,
                                                     int n_threads);

/// The term log p(sequence | prompt) under a language model, one token per letter. `where`: for
/// messages. Errors: kInvalid (there is no token to begin with), those of the model and of
/// letter_tokens.
Result<std::unique_ptr<dna::LetterTerm>> open_language_term(const LanguageFitness&, int length,
                                                            int n_threads,
                                                            const std::string& where);

}  // namespace ponder
