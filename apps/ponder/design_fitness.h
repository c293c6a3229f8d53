// What `ponder design` maximises: a fitness file read into terms, weights and constraints. Format: docs/dna.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "jsonl.h"
#include "ponder/dna_search.h"

namespace ponder::app {

struct NamedMotif {
  std::string name;  // what the term is called, or the motif itself
  MotifMatch match;
};

struct Fitness {
  std::vector<std::unique_ptr<Term>> terms{};
  std::vector<double> weights{};
  std::vector<NamedMotif> motifs{};     // of the terms "motif": their best places are told of every design
  std::vector<std::string> warnings{};  // what was read, but is hardly what its author meant
  DnaConstraints constraints{};
  ExactFitness exact{};  // when is_exact: the same fitness for dynamic programming
  bool is_exact = true;  // best motifs of positive weight and similarity alone
};

/// path: of a JSON file, or the text itself; start: may be empty; length: of the sequences. Fails (Failure) on what no
/// fitness is.
Fitness read_fitness(const std::string& path, const Dna& start, int length, int max_edits, int n_threads);
/// The oracle of a file, for sequences of a length.
std::unique_ptr<DnaTerm> oracle_of(const std::string& path, int length, int n_threads);
/// log p(sequence | prompt) under a model, one token a letter; an empty prompt is the BOS. `where`: for messages.
std::unique_ptr<DnaTerm> language_term(const std::string& path, const std::string& prompt, int length, int n_threads,
                                       const std::string& where);

}  // namespace ponder::app
