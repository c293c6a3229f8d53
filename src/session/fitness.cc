// Makes a Fitness: one function per kind of term. The constraints are made before the terms.
#include "session/fitness.h"

#include <fmt/format.h>

#include "ponder/core/files.h"
#include "ponder/core/spelling.h"
#include "ponder/dna/oracle.h"
#include "session/given_terms.h"

namespace ponder {
namespace {

using Made = Result<std::unique_ptr<dna::LetterTerm>>;

// Makes one term after the other, and records in the Fitness what each means for the exact optimum.
class Maker {
 public:
  Maker(const dna::Sequence& start, int length, int n_threads)
      : start_(start), length_(length), n_threads_(n_threads) {}
  Status constrain(const FitnessRequest&, int max_edits);
  Status add(const FitnessTerm&);
  Status add(std::span<const GivenTerm>);
  Fitness take() { return std::move(out_); }

 private:
  Error bad(const std::string& expected, const std::string& got,
            const std::string& hint = "") const {
    return {Code::kInvalid, expected, got, where_, hint};
  }
  Result<dna::Motif> read_motif(const MotifSource&);
  Made make(const FitnessTerm&, const MotifFitness&);
  Made make(const FitnessTerm&, const SpacingFitness&);
  Made make(const FitnessTerm&, const GcFitness& t) {
    return dna::make_gc_term(t.target, t.deviation);
  }
  Made make(const FitnessTerm&, const AvoidFitness& t) { return dna::make_avoid_term(t.sites); }
  Made make(const FitnessTerm&, const SimilarityFitness&);
  Made make(const FitnessTerm&, const OracleFitness& t) {
    return open_oracle(t.file, length_, n_threads_);
  }
  Made make(const FitnessTerm&, const LanguageFitness& t) {
    return open_language_term(t, length_, n_threads_, where_);
  }

  const dna::Sequence& start_;
  int length_, n_threads_;
  std::string where_{};  // where the current term was specified, for messages
  Fitness out_{};
};

Status Maker::constrain(const FitnessRequest& r, int max_edits) {
  where_ = r.where;
  dna::Constraints& c = out_.constraints;
  c.letters = r.letters.value_or(
      std::vector<dna::LetterSet>(static_cast<std::size_t>(length_), dna::kAnyLetter));
  if (static_cast<int>(c.letters.size()) != length_)
    return bad(std::to_string(length_) + " letters", std::to_string(c.letters.size()));
  for (const FrozenLetters& span : r.frozen) {
    if (span.begin < 0 || span.begin > length_ - static_cast<std::int64_t>(span.letters.size()))
      return bad("a span within the sequence", span.text);
    for (std::size_t k = 0; k < span.letters.size(); ++k)
      c.letters[static_cast<std::size_t>(span.begin) + k] &= span.letters[k];
  }
  for (std::size_t t = 0; t < c.letters.size(); ++t)
    if (c.letters[t] == 0)
      return bad("constraints that some sequence keeps", "none for position " + std::to_string(t));
  c.forbidden = r.forbidden;
  // A limit that is not below the length is no constraint.
  if (r.max_homopolymer > 0 && r.max_homopolymer < length_)
    dna::forbid_homopolymers(r.max_homopolymer, c);
  c.start = start_;
  c.max_edits = max_edits;
  return {};
}

Result<dna::Motif> Maker::read_motif(const MotifSource& source) {
  PONDER_ASSIGN(const std::string text, read_file(source.file));
  PONDER_ASSIGN(auto motifs, dna::parse_motifs(text, source.file));
  dna::Motif* chosen = motifs.data();
  if (source.id) {
    chosen = nullptr;
    std::vector<std::string> names;
    for (dna::Motif& m : motifs) {
      if (m.id == *source.id || m.name == *source.id) chosen = &m;
      names.insert(names.end(), {m.id, m.name});
    }
    if (!chosen)
      return bad("a motif '" + *source.id + "' in " + source.file, "none",
                 did_you_mean(*source.id, names, 2));
  } else if (motifs.size() > 1) {
    out_.warnings.push_back(
        fmt::format("{} has {} motifs, of which the first, {}, is taken: \"id\" picks another ({})",
                    source.file, motifs.size(), chosen->id, where_));
  }
  if (chosen->n() > length_)
    return bad("motifs no longer than the sequence, " + std::to_string(length_) + " letters",
               chosen->id + " of " + std::to_string(chosen->n()));
  out_.warnings.insert(out_.warnings.end(), chosen->warnings.begin(), chosen->warnings.end());
  return std::move(*chosen);
}

Made Maker::make(const FitnessTerm& term, const MotifFitness& t) {
  PONDER_ASSIGN(const dna::Motif motif, read_motif(t.source));
  const dna::MotifMatch match{dna::log_odds(motif), t.over, t.strands};
  if (t.over == dna::Over::kBest && term.weight > 0)
    out_.exact.motifs.push_back({match.odds, match.strands, term.weight});
  else
    out_.is_exact = false;
  out_.motifs.push_back({term.name.value_or(motif.name.empty() ? motif.id : motif.name), match});
  return dna::make_motif_term(term.name.value_or("motif"), match);
}

Made Maker::make(const FitnessTerm& term, const SpacingFitness& t) {
  PONDER_ASSIGN(const dna::Motif first, read_motif(t.first));
  PONDER_ASSIGN(const dna::Motif second, read_motif(t.second));
  if (const int n = first.n() + second.n(); n > length_)
    return bad("two motifs that fit beside each other into " + std::to_string(length_) + " letters",
               std::to_string(n));
  return dna::make_spacing_term(
      term.name.value_or("spacing"),
      {dna::log_odds(first), dna::log_odds(second), t.gap, t.deviation, t.in_order, t.strands});
}

Made Maker::make(const FitnessTerm& term, const SimilarityFitness&) {
  if (start_.empty()) return bad("--start with the term similarity", "none");
  out_.exact.letters.resize(start_.size() * dna::kLetters, 0);
  for (std::size_t t = 0; t < start_.size(); ++t)
    for (Token v = 0; v < dna::kLetters; ++v)
      if (v != start_[t])
        out_.exact.letters[t * dna::kLetters + static_cast<std::size_t>(v)] -= term.weight;
  return dna::make_similarity_term(start_);
}

Status Maker::add(const FitnessTerm& term) {
  where_ = term.where;
  if (!std::holds_alternative<MotifFitness>(term.kind) &&
      !std::holds_alternative<SimilarityFitness>(term.kind))
    out_.is_exact = false;
  PONDER_ASSIGN(auto made,
                std::visit([&](const auto& kind) { return make(term, kind); }, term.kind));
  out_.terms.push_back(std::move(made));
  out_.weights.push_back(term.weight);
  out_.warnings.insert(out_.warnings.end(), term.warnings.begin(), term.warnings.end());
  return {};
}

Status Maker::add(std::span<const GivenTerm> given) {
  if (!given.empty()) out_.is_exact = false;
  return add_given(given, out_.terms, out_.weights);
}

}  // namespace

Result<std::unique_ptr<dna::LetterTerm>> open_oracle(const std::string& path, int length,
                                                     int n_threads) {
  PONDER_ASSIGN(dna::Oracle o, dna::read_oracle(path, n_threads));
  if (o.length != length)
    return Error{Code::kInvalid,
                 "sequences of " + std::to_string(o.length) + " letters, as the oracle takes",
                 std::to_string(length), path, "use --length " + std::to_string(o.length)};
  return std::move(o.term);
}

Result<Fitness> make_fitness(const FitnessRequest& r, const dna::Sequence& start, int length,
                             int max_edits, int n_threads) {
  Maker maker(start, length, n_threads);
  PONDER_TRY(maker.constrain(r, max_edits));
  for (const FitnessTerm& term : r.terms) PONDER_TRY(maker.add(term));
  PONDER_TRY(maker.add(r.given));
  return maker.take();
}

}  // namespace ponder
