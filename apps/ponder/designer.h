// Designer: from the flags of ponder design to designs, each scored anew; and what is said and written of them. Not the
// flags themselves (design.cc).
#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "args.h"
#include "design_fitness.h"
#include "ponder/trace.h"

namespace ponder::app {

struct DesignArgs {
  BudgetArgs budget{""};
  std::string fitness, start, score, held_out, out, method = "sample", kernel = "gwg";
  int length = 0, n = 100, max_edits = -1, chains = 16, warmup = 300, thin = 10, steps = 0, threads = 0;
  double tau = 1;
  std::uint64_t seed = 0;
  bool json = false, force = false;
};

// Where a motif fits a design best; positions from 0, the end exclusive.
struct Place {
  std::string motif;
  int begin, end;
  bool is_reverse;
  double odds;
};
struct Designed {
  Dna sequence;
  std::string name{};  // of a given sequence
  double fitness = 0, held_out = NAN;
  int chain = -1, draw = -1;    // of a sampler
  std::vector<double> curve{};  // of an optimiser: the best fitness so far, iteration by iteration
  std::vector<Place> places{};  // one a term "motif"
};
struct Outcome {
  std::vector<Designed> designs{};
  std::optional<Trace> trace{};  // of a sampler
  std::int64_t n_scored = 0, n_gradients = 0;
  double seconds = 0;
};

class Designer {
 public:
  explicit Designer(const DesignArgs& a);
  Outcome run();
  const Dna& start() const { return start_; }  // empty where there is none
  const std::vector<std::string>& warnings() const { return fitness_.warnings; }

 private:
  std::vector<Dna> starts(int n) const;
  std::vector<Designed> sample(Outcome&);
  std::vector<Designed> optimise(Outcome&);
  std::vector<Dna> first_ones() const;
  Outcome scored(std::vector<Designed>, Outcome) const;

  const DesignArgs& a_;
  Dna start_;
  std::vector<Designed> given_;  // --score
  Fitness fitness_;
  std::unique_ptr<DnaTerm> held_out_;
  std::optional<DnaDensity> density_;
  std::optional<Energy> energy_;
};

/// The file name says which of the formats: sequences in FASTA, JSON lines, or the trace of a sampler.
bool is_fasta(const std::string& path);
void write_designs(const DesignArgs&, const Outcome&, const Dna& start);
void print_designs(const DesignArgs&, const Outcome&, const Dna& start);

}  // namespace ponder::app
