// Searches for the fittest sequences: exactly by dynamic programming where the fitness allows it,
// and by ascent, neighbours and annealing on any energy over DNA. Not samplers, which are kernels
// (kernel.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ponder/chains/kernel.h"
#include "ponder/dna/terms.h"
#include "ponder/search/search.h"

namespace ponder::dna {

/// A fitness whose optimum dynamic programming can find: the best places of motifs, and a value for
/// each letter at each position.
struct ExactFitness {
  struct WeightedMotif {
    LogOdds odds;
    Strands strands = Strands::kBoth;
    double weight = 1;  // above 0
  };
  std::vector<WeightedMotif> motifs{};
  std::vector<double> letters{};  // (n, 4), or empty
};
struct Design {
  Sequence sequence{};
  double fitness = 0;  // nats
};
/// Finds the fittest sequence within the constraints. The dynamic programme runs over positions;
/// its states are the begun part of each motif and each forbidden pattern, and the number of edits.
/// Errors: kInvalid (no sequence keeps the constraints, with the position where they conflict),
/// kResource (too many states).
Result<Design> exact_optimum(const Constraints&, const ExactFitness&);
/// Draws a sequence within the constraints, the fittest under random values of letters by
/// `uniform`.
Result<Sequence> draw_allowed(const Constraints&, const Uniforms& uniform);

/// The result of an optimiser: for each start the best design that was seen, sorted by fitness,
/// best first. Where a term fails once the budget's stop flag is set, it is what was seen before.
struct Designs {
  std::vector<Design> designs;
  // (designs, iterations) fitness of the best so far, for plots
  std::vector<std::vector<double>> best{};
  double relaxation_gap = 0;  // of ascent: mean of relaxed value - value at the argmax, nats
  std::int64_t n_scored = 0, n_gradients = 0;  // sequences
};

/// `neighbours`: steepest ascent over all sequences one letter away, until none of them is better.
/// All searches below maximise -U of the energy's first replica, and starts must keep the
/// constraints.
Result<Designs> climb(const Energy&, std::span<const Sequence> starts, const Budget&);

struct DnaAscentConfig {
  TokenRelaxation::Kind relaxation = TokenRelaxation::Kind::kStraightThrough;
  // logits of each letter to mean 0 and variance 1 over positions, with scale and offset learnt
  bool normalise = true;
  int steps = 500;           // 0: as many as the budget allows
  double rate = 0.05;        // of Adam
  double hot = 1, cold = 1;  // temperature, from first step to last
  std::uint64_t seed = 0;    // of the draws
};
/// Adam on logits through relaxed terms; the best sequence of all steps is kept. kStraightThrough
/// takes the value at a draw from softmax(z / tau) and the derivative of the softmax: Fast SeqProp
/// (Linder and Seelig 2021) with normalisation. A sequence that breaks the constraints is repaired
/// first: the edits of the largest margins are kept, and a letter of each forbidden site is
/// changed. kSoftmax takes value and derivative of the mixture and also scores the argmax. Terms
/// without a derivative only score the sequences. Tokens of the budget: letters of all gradients
/// and scores.
Result<Designs> ascend(const Energy&, const Constraints&, std::span<const Sequence> starts,
                       const DnaAscentConfig&, const Budget&);

/// `anneal`: runs the kernel on replicas of falling temperature. Replica 0 of the energy is the
/// last and coldest; the others come before it in their order. steps: number at each replica; 0:
/// each replica gets an equal share of the budget. Errors: kInvalid (no steps and no budget, here
/// and for ascend).
Result<Designs> anneal(const Energy&, const Kernel&, std::span<const Sequence> starts, int steps,
                       std::uint64_t seed, const Budget&);

}  // namespace ponder::dna
