// The common part of optimisers on an energy over DNA: scoring of sequences, and the best one of
// each start. Not a search.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "ponder/dna/search.h"
#include "search/clock.h"

namespace ponder::dna {

// The best sequence of each start, with the history of its fitness.
class Record {
 public:
  explicit Record(std::size_t n) : best_(n, {{}, -INFINITY}), curves_(n) {}
  void see(std::size_t start, const Sequence& x, double fitness) {
    if (fitness > best_[start].fitness) best_[start] = {x, fitness};
  }
  void end_iteration();
  // Fills in the designs, best first.
  Designs take(Designs d);

 private:
  std::vector<Design> best_;
  std::vector<std::vector<double>> curves_;
};

// Scores sequences and counts them.
Status score(const Energy&, std::span<const Sequence>, Designs& count,
             std::vector<ChainState>& out);
// Scores and records the starts. Errors: kInvalid (a start outside the constraints).
Status begin(const Energy&, std::span<const Sequence> starts, Designs& count, Record&,
             std::vector<ChainState>& states);
// Errors: kInvalid (neither steps nor a budget).
Status check_end(int steps, const Budget&);

}  // namespace ponder::dna
