// DNA sequences as replies: the alphabet, FASTA, motif matrices, the sequences that constraints
// allow, and the density that is uniform over them, which makes every kernel a sampler of
// sequences. Fitness is terms of an energy (dna_terms.h); optimisers: dna_search.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/energy/energy.h"

namespace ponder::dna {

/// A, C, G, T are the tokens 0 … 3; the complement of v is 3 - v.
inline constexpr int kLetters = 4;
using Sequence = std::vector<Token>;
using SequenceView = std::span<const Token>;

/// RNA's U is read as T. Errors: kInvalid (a letter that is none of A, C, G, T, U in either case;
/// its place is counted from 0).
Result<Sequence> parse_dna(std::string_view letters, const std::string& where);
std::string dna_text(SequenceView);
Sequence reverse_complement(SequenceView);

/// Letters that may stand at a position: bit v allows letter v. Written in IUPAC codes: N is all, R
/// is A or G.
using LetterSet = std::uint8_t;
inline constexpr LetterSet kAnyLetter = 15;
/// Errors: kInvalid (no IUPAC code, or a gap).
Result<std::vector<LetterSet>> parse_iupac(std::string_view codes, const std::string& where);
std::vector<LetterSet> reverse_complement(std::span<const LetterSet>);

struct FastaRecord {
  std::string name;  // what follows '>'
  std::string letters{};
};
/// Errors: kInvalid (no '>' first, no record, a record without letters).
Result<std::vector<FastaRecord>> parse_fasta(std::string_view text, const std::string& where);
std::string fasta_text(std::span<const FastaRecord>);

/// A motif: one law over the letters a position.
struct Motif {
  std::string id, name{};
  std::vector<std::array<double, kLetters>> columns{};  // each sums to 1
  std::vector<std::string> warnings{};  // what was read, but is hardly what its author meant
  int n() const { return static_cast<int>(columns.size()); }
};
/// All motifs of a text in JASPAR, MEME or TRANSFAC format, told apart by their content. Each
/// column is divided by its own sum; counts get a pseudocount of `pseudocount` a column before,
/// spread over the letters by a uniform background. An empty column fits every letter alike, and is
/// a warning. Errors: kInvalid (none of the formats; rows of different lengths; another number of
/// positions than the file says; a number that is negative or not finite; a motif of empty columns;
/// MEME probabilities that do not sum to 1).
Result<std::vector<Motif>> parse_motifs(std::string_view text, const std::string& where,
                                        double pseudocount = 0.8);

/// log(p / background), nats, (n, 4). Where p is 0: at least kLeastOdds.
inline constexpr double kLeastOdds = -20;
using LogOdds = std::vector<std::array<double, kLetters>>;
LogOdds log_odds(const Motif&,
                 const std::array<double, kLetters>& background = {0.25, 0.25, 0.25, 0.25});
LogOdds reverse_complement(const LogOdds&);

/// What is asked of every sequence.
struct Constraints {
  std::vector<LetterSet> letters;                   // (n) what may stand where
  std::vector<std::vector<LetterSet>> forbidden{};  // patterns that may occur nowhere
  Sequence start{};                                 // (n), for the edit budget
  int max_edits = -1;  // most positions that differ from the start; -1: any number
};
/// Adds n+1 equal letters, of each kind, to what is forbidden.
void forbid_homopolymers(int longest_allowed, Constraints&);

/// 0 for sequences that keep within the constraints, -inf for others; masks the changes that the
/// edit budget forbids.
std::unique_ptr<Term> make_constraint_term(Constraints);

/// Independent positions, each uniform over its letters. The only replies of use are those of
/// exactly n letters (Target::kFixed). A prefix is its length: rows depend on nothing else, so that
/// nothing is kept.
class SequenceDensity final : public CausalDensity {
 public:
  /// Errors: kInvalid (no position, or one without letters).
  static Result<SequenceDensity> make(std::vector<LetterSet> letters);
  int n_vocab() const override { return kLetters; }
  bool is_end(Token) const override { return false; }
  const std::vector<Token>& end_tokens() const override { return no_ends_; }
  int n_ctx() const override { return static_cast<int>(letters_.size()); }
  PrefixRef root() { return PrefixRef::share(*this, 0); }  // the empty sequence
  Status extend(std::span<const Extend>, Rows& out) override;
  /// log p does not change where the sequence stays allowed: derivatives by tokens are those of the
  /// rows alone.
  Status value_and_grad(std::span<const SoftReply>, const Objective&, const GradientOptions&,
                        std::vector<ReplyGradient>& out) override;
  Prefix ancestor(Prefix p, int n_tokens) override { return p - n_tokens; }
  int depth(Prefix p) const override { return p; }
  void retain(Prefix) override {}
  void release(Prefix) override {}
  Cost cost() const override { return cost_; }

 private:
  explicit SequenceDensity(std::vector<LetterSet> letters) : letters_(std::move(letters)) {}
  std::vector<double> log_probs(int position, const TokenMask*) const;
  std::vector<LetterSet> letters_;
  std::vector<Token> no_ends_;
  Cost cost_;
};

}  // namespace ponder::dna
