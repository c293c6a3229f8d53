// The fittest sequences: exactly by dynamic programming where the fitness allows, and by ascent,
// neighbours and annealing on any energy over DNA. Not samplers: those are kernels (kernel.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ponder/chains/kernel.h"
#include "ponder/dna/terms.h"
#include "ponder/search/search.h"

namespace ponder::dna {

/// A fitness whose optimum dynamic programming can find: best places of motifs, and what each
/// letter adds by itself.
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
/// The fittest sequence within the constraints. The programme runs over positions; its states are
/// what of each motif and each forbidden pattern has been begun, and how many edits were made.
/// Errors: kInvalid (no sequence keeps the constraints, with the place where they meet), kResource
/// (too many states).
Result<Design> exact_optimum(const Constraints&, const ExactFitness&);
/// A sequence within the constraints, each letter given random worth by `uniform`.
Result<Sequence> draw_allowed(const Constraints&, const Uniforms& uniform);

/// What an optimiser found. One design a start, the best seen on its way; sorted by fitness, best
/// first.
struct Designs {
  std::vector<Design> designs;
  std::vector<std::vector<double>>
      best{};                 // (designs, iterations) fitness of the best so far, for plots
  double relaxation_gap = 0;  // of ascent: mean of relaxed value - value at the argmax, nats
  std::int64_t n_scored = 0, n_gradients = 0;  // sequences
};

/// All on the energy's first replica: maximise -U. Starts must be allowed.
/// `neighbours`: steepest ascent over all sequences one letter away, until there is no better one.
Result<Designs> climb(const Energy&, std::span<const Sequence> starts, const Budget&);

struct DnaAscentConfig {
  TokenRelaxation::Kind relaxation = TokenRelaxation::Kind::kStraightThrough;
  bool normalise = true;     // logits of each letter to mean 0 and variance 1 over positions, with
                             // scale and offset learnt
  int steps = 500;           // 0: as many as the budget holds
  double rate = 0.05;        // of Adam
  double hot = 1, cold = 1;  // temperature, from first step to last
  std::uint64_t seed = 0;    // of the draws
};
/// Adam on logits through relaxed terms, the best sequence of all steps kept. kStraightThrough:
/// value at a draw from softmax(z / tau), derivative that of the softmax: Fast SeqProp (Linder and
/// Seelig 2021) with normalisation. A sequence that breaks the constraints is mended first: edits
/// of the largest margins, a letter of each forbidden site. kSoftmax: through the mixture; the
/// argmax is scored besides. Terms without a derivative only judge the sequences. Tokens of the
/// budget: letters of all gradients and scores.
Result<Designs> ascend(const Energy&, const Constraints&, std::span<const Sequence> starts,
                       const DnaAscentConfig&, const Budget&);

/// `anneal`: the kernel on replicas of falling temperature: replica 0 of the energy is the last and
/// coldest, the others go before it in their order. steps: at each replica; 0: an equal share of
/// the budget for each. Errors: kInvalid (no steps and no budget, here and for ascend).
Result<Designs> anneal(const Energy&, const Kernel&, std::span<const Sequence> starts, int steps,
                       std::uint64_t seed, const Budget&);

}  // namespace ponder::dna
