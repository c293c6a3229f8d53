// Terms of a fitness of DNA. Each is a function of the weights of the four letters at each
// position, so that it takes sequences and mixtures alike and has a derivative. Values are in nats
// a unit of weight. Not constraints (dna.h).
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ponder/dna/dna.h"
#include "ponder/energy/relaxation.h"

namespace ponder::dna {

/// w (n, 4), each row sums to 1. Returns R, and adds dR/dw to dw (n, 4) unless dw is empty. Called
/// from one thread.
using LetterFunction = std::function<double(std::span<const float> w, std::span<double> dw)>;

/// A term that is also a SoftScore, evaluated on many sequences at once.
class LetterTerm : public Term, public SoftScore {
 public:
  Status evaluate(std::span<const SequenceView> sequences, std::span<double> out) final;
  SoftScore* relaxed() final { return this; }
  Status score(std::span<const std::vector<Token>>, std::vector<double>& f) final;
  Status evaluate(std::span<const SoftPoint>, std::vector<SoftValue>&) final;

 protected:
  /// w: (n, 4) each; values (n_sequences); dw: as w, zero on entry, or empty when no derivative is
  /// wanted.
  virtual Status on_letters(std::span<const std::vector<float>> w, std::span<double> values,
                            std::span<std::vector<double>> dw) = 0;
};
std::unique_ptr<LetterTerm> make_letter_term(std::string name, LetterFunction);

enum class Strands { kForward, kBoth };
enum class Over {
  kBest,
  kSum
};  // the largest log-odds of all places, or the log of the sum of the odds of all places

/// `motif`: how well the best place of the sequence, or all places together, match the motif.
/// Errors: kInvalid (longer than the sequence).
struct MotifMatch {
  LogOdds odds;
  Over over = Over::kBest;
  Strands strands = Strands::kBoth;
};
std::unique_ptr<LetterTerm> make_motif_term(std::string name, const MotifMatch&);

/// The place where a motif fits a sequence best, by which designs can be aligned. Among equal
/// places the first one of the forward strand is taken; a sequence shorter than the motif has no
/// place.
struct MotifPlace {
  int begin = 0;            // the leftmost position, whatever the strand
  bool is_reverse = false;  // the motif reads from right to left, in complements
  double odds = -INFINITY;  // -infinity: no place
};
MotifPlace best_place(const MotifMatch&, SequenceView);

/// `spacing`: the best pair of places of two motifs, R = odds of both - ((gap - wanted) /
/// deviation)^2 / 2, where the gap is the number of letters between them; overlapping places are no
/// pair. in_order: the first motif lies to the left.
struct MotifPair {
  LogOdds first, second;
  double gap = 0, deviation = 1;  // letters
  bool in_order = true;
  Strands strands = Strands::kBoth;
};
std::unique_ptr<LetterTerm> make_spacing_term(std::string name, const MotifPair&);

/// `gc`: R = -((share of G and C - target) / deviation)^2 / 2.
std::unique_ptr<LetterTerm> make_gc_term(double target, double deviation);
/// `avoid`: R = -(occurrences of the patterns).
std::unique_ptr<LetterTerm> make_avoid_term(std::vector<std::vector<LetterSet>> patterns);
/// `similarity`: R = -(positions that differ from the start).
std::unique_ptr<LetterTerm> make_similarity_term(Sequence start);

}  // namespace ponder::dna
