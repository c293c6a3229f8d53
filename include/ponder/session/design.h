// DNA sequences for a fitness as a request and its answer: drawn in proportion to exp(fitness /
// tau), the best ones, or given ones scored. No Session: a fitness opens the language model that it
// names, if any. Its meaning: docs/dna.md.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ponder/chains/chains.h"
#include "ponder/chains/diagnostics.h"
#include "ponder/chains/trace.h"
#include "ponder/dna/terms.h"
#include "ponder/search/search.h"
#include "ponder/session/specs.h"

namespace ponder {

/// A motif of a file in JASPAR, MEME or TRANSFAC format: the one of that id or name, or the first.
struct MotifSource {
  std::string file{};
  std::optional<std::string> id{};
};

// The kinds of terms. parse_fitness (wire.h) has checked their numbers; made by hand, they are
// taken as they are.
struct MotifFitness {
  MotifSource source{};
  dna::Over over = dna::Over::kBest;
  dna::Strands strands = dna::Strands::kBoth;
};
struct SpacingFitness {
  MotifSource first{}, second{};
  double gap = 0, deviation = 1;  // letters
  bool in_order = true;
  dna::Strands strands = dna::Strands::kBoth;
};
struct GcFitness {
  double target = 0.5, deviation = 0.1;  // shares of 0 to 1
};
struct AvoidFitness {
  std::vector<std::vector<dna::LetterSet>> sites{};  // with their reverse complements
};
struct SimilarityFitness {};  // to the start
struct OracleFitness {
  std::string file{};
};
struct LanguageFitness {
  std::string file{}, prompt{};  // an empty prompt is the BOS
};

struct FitnessTerm {
  std::variant<MotifFitness, SpacingFitness, GcFitness, AvoidFitness, SimilarityFitness,
               OracleFitness, LanguageFitness>
      kind{};
  double weight = 1;                    // nats a unit of the term
  std::optional<std::string> name{};    // none: that of the kind or of the motif
  std::string where{};                  // its place in the fitness, for messages
  std::vector<std::string> warnings{};  // what was read, but is hardly what its author meant
};

/// Letters that are fixed from a position on.
struct FrozenLetters {
  std::int64_t begin = 0;
  std::vector<dna::LetterSet> letters{};
  std::string text{};  // as it was written, for messages
};

/// Terms with weights, and constraints. File names are paths as they are opened.
struct FitnessRequest {
  std::vector<FitnessTerm> terms{};
  // Functions of whole sequences that the caller made, such as oracles. A dna::LetterTerm has a
  // derivative, by which kernels and ascents go; any other term only scores.
  std::vector<GivenTerm> given{};
  std::optional<std::vector<dna::LetterSet>>
      letters{};  // what may stand where; none: any letter anywhere
  std::vector<FrozenLetters> frozen{};
  std::vector<std::vector<dna::LetterSet>> forbidden{};  // with their reverse complements
  int max_homopolymer = 0;                               // longest run of one letter; 0: any
  std::string where{};                                   // its file, for messages
};

enum class DesignMethod { kSample, kAnneal, kAscent, kStraightThrough, kNeighbours, kExact };
std::string_view to_string(DesignMethod);  // "sample", "straight-through"
std::optional<DesignMethod> parse_design_method(std::string_view name);

struct NamedDna {
  std::string name{};
  dna::Sequence sequence{};
};

struct DesignRequest {
  FitnessRequest fitness{};
  std::string fitness_source{};   // the fitness as the user named it, for messages
  dna::Sequence start{};          // edits are counted from it; empty: none
  std::vector<NamedDna> given{};  // to be scored, instead of designs
  std::string given_file{};       // where they are from, for messages
  std::string held_out{};         // file of the oracle that only judges the designs; empty: none
  std::shared_ptr<Term> judge{};  // instead of a file of one; its name is not used
  int length = 0;                 // letters; 0: as the sequences have
  int n = 100;                    // designs
  int max_edits = -1;             // most positions that differ from the start; -1: any number
  DesignMethod method = DesignMethod::kSample;
  std::string kernel = "gwg";  // of kSample and kAnneal, as KernelSpec::parse reads it
  double tau = 1;              // temperature of the fitness
  int chains = 16, warmup = 300, thin = 10;
  int steps = 0;  // of ascent, or of annealing at each temperature; 0: as many as the budget holds,
                  // 300 without limits
  std::uint64_t seed = 0;
  int threads = 0;  // of oracles and language models; 0: all that this process may use
  Budget budget{};
  std::function<void(const std::string&)>
      on_warning{};  // each of DesignAnswer::warnings, before the work begins
};

struct DesignAnswer {
  /// Where a motif fits a design best; positions from 0, the end exclusive.
  struct Place {
    std::string motif{};
    int begin = 0, end = 0;
    bool is_reverse = false;
    double odds = 0;  // nats
  };
  struct Designed : NamedDna {   // the name: of a given sequence
    double fitness = 0;          // nats; -infinity: against the constraints
    double held_out = NAN;       // what the held-out oracle says; NaN: there is none
    std::optional<int> edits{};  // positions that differ from the start
    int chain = -1, draw = -1;   // of a sampler
    std::vector<double>
        curve{};  // of an optimiser: the best fitness so far, iteration by iteration
    std::vector<Place> places{};  // one a term "motif"
  };
  /// All designs together.
  struct Totals {
    double fitness = 0, held_out = 0, edits = 0;  // means
    double diversity = 0;  // mean share of positions at which two designs differ
    std::size_t n_different = 0;
    std::size_t n_near_best = 0;  // within 1 % of the best fitness
  };
  /// What is said of a sampler's chains. Too few of them or of their draws are no evidence against
  /// them: not judged.
  struct Convergence {
    Summary energy{};
    Verdict verdict{};  // its advice names the flags of the program
    bool judged = true;
  };
  std::vector<Designed> designs{};
  std::optional<Trace> trace{};  // of a sampler, as its convergence
  std::optional<Convergence> convergence{};
  Totals totals{};
  std::int64_t n_scored = 0, n_gradients = 0;  // sequences, of an optimiser
  double seconds = 0;                          // of chains or optimiser
  std::vector<std::string> warnings{};         // on the fitness
};

/// Errors: kInvalid (a request that contradicts itself, a bad motif file, sequences of other
/// lengths), kNotFound, kIo, kUnsupported (kExact of a fitness that it cannot maximise), kResource
/// (stopped before there was one draw), those of the constraints, the kernel, the oracles and the
/// language model. Where a given term fails once the budget's stop flag is set, the designs found
/// before are the answer, if there are any.
Result<DesignAnswer> design(const DesignRequest&);

/// The designs as FASTA, their numbers after the names.
std::string fasta_text(const DesignAnswer&);

/// Fixed decimals at the right of `width` columns, without a sign before what they show as zero.
std::string fixed_text(double, int decimals, int width = 0);

}  // namespace ponder
