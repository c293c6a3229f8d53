// DNA sequences as replies: the alphabet, FASTA, motif matrices, the sequences that constraints
// allow, and the density that is uniform over them, which makes every kernel a sampler of
// sequences. A fitness is a sum of terms of an energy (dna/terms.h); dna/search.h has optimisers.
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

/// Parses letters; RNA's U is read as T. Errors: kInvalid (a letter other than A, C, G, T, U in
/// either case, with its position from 0).
Result<Sequence> parse_dna(std::string_view letters, const std::string& where);
std::string dna_text(SequenceView);
Sequence reverse_complement(SequenceView);

/// The letters that are allowed at a position: bit v allows letter v. Texts have them as IUPAC
/// codes: N allows all, R allows A or G.
using LetterSet = std::uint8_t;
inline constexpr LetterSet kAnyLetter = 15;
/// Errors: kInvalid (no IUPAC code, or a gap).
Result<std::vector<LetterSet>> parse_iupac(std::string_view codes, const std::string& where);
std::vector<LetterSet> reverse_complement(std::span<const LetterSet>);

struct FastaRecord {
  std::string name;  // the text after '>'
  std::string letters{};
};
/// Errors: kInvalid (no '>' first, no record, a record without letters).
Result<std::vector<FastaRecord>> parse_fasta(std::string_view text, const std::string& where);
std::string fasta_text(std::span<const FastaRecord>);

/// A motif: a law over the letters at each position.
struct Motif {
  std::string id, name{};
  std::vector<std::array<double, kLetters>> columns{};  // each sums to 1
  // parts that were read, but are probably not what their author meant
  std::vector<std::string> warnings{};
  int n() const { return static_cast<int>(columns.size()); }
};
/// Parses all motifs of a text in JASPAR, MEME or TRANSFAC format, recognised by its content. Each
/// column is divided by its own sum; counts first get a pseudocount of `pseudocount` a column,
/// spread over the letters by a uniform background. An empty column fits every letter equally well,
/// and causes a warning. Errors: kInvalid (none of the formats; rows of different lengths; another
/// number of positions than the file says; a number that is negative or not finite; a motif of
/// empty columns; MEME probabilities that do not sum to 1).
Result<std::vector<Motif>> parse_motifs(std::string_view text, const std::string& where,
                                        double pseudocount = 0.8);

/// log(p / background), nats, (n, 4), and at least kLeastOdds.
inline constexpr double kLeastOdds = -20;
using LogOdds = std::vector<std::array<double, kLetters>>;
LogOdds log_odds(const Motif&,
                 const std::array<double, kLetters>& background = {0.25, 0.25, 0.25, 0.25});
LogOdds reverse_complement(const LogOdds&);

/// Constraints that every sequence must keep.
struct Constraints {
  std::vector<LetterSet> letters;                   // (n) the letters allowed at each position
  std::vector<std::vector<LetterSet>> forbidden{};  // patterns that may not occur
  Sequence start{};                                 // (n), for the edit budget
  int max_edits = -1;  // most positions that differ from the start; -1: any number
};
/// Forbids longest_allowed + 1 equal letters in a row, for each letter.
void forbid_homopolymers(int longest_allowed, Constraints&);

/// A term that is 0 for sequences that keep the constraints and -inf for others. It masks the
/// changes that the edit budget forbids.
std::unique_ptr<Term> make_constraint_term(Constraints);

/// Independent positions, each uniform over its letters, for replies of exactly n letters
/// (Target::kFixed). A prefix is represented by its length, the only thing that rows depend on, so
/// that nothing is stored.
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
  /// log p is constant over allowed sequences, so derivatives by tokens are those of the rows
  /// alone.
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
