// The tour of docs/library.md on DNA: the fittest sequence by dynamic programming, and draws in
// proportion to exp(fitness / tau) by the same chains that draw replies. Each part between [name]
// and [/name] is a block of that document, word for word.
//   tour_dna
#include <cstdio>
#include <memory>
#include <vector>

#include "ponder/ponder.h"

namespace {

using namespace ponder;

// [motif]
// TATAAA, from counts of ten sites in the format of JASPAR.
Result<dna::LogOdds> tata() {
  const char* counts = ">TATA\nA 0 10 0 10 9 9\nC 0 0 0 0 0 0\nG 0 0 0 0 0 1\nT 10 0 10 0 1 0\n";
  PONDER_ASSIGN(const auto motifs, dna::parse_motifs(counts, "the tour"));
  return dna::log_odds(motifs[0]);
}

Status fittest(const dna::Constraints& constraints) {
  PONDER_ASSIGN(const dna::LogOdds odds, tata());
  PONDER_ASSIGN(const dna::Design best, dna::exact_optimum(constraints, {.motifs = {{odds}}}));
  std::printf("%s  fitness %.2f nats\n", dna::dna_text(best.sequence).c_str(), best.fitness);
  return {};
}
// [/motif]

// [dna]
Status draw(const dna::Constraints& constraints) {
  const int n = static_cast<int>(constraints.letters.size());
  PONDER_ASSIGN(auto density, dna::SequenceDensity::make(constraints.letters));
  PONDER_ASSIGN(const ReplyLaw law,
                ReplyLaw::make({.target = Target::kFixed, .horizon = n}, dna::kLetters, {}));
  PONDER_ASSIGN(const dna::LogOdds odds, tata());
  std::vector<std::unique_ptr<Term>> terms;
  terms.push_back(dna::make_motif_term("motif", {odds}));
  terms.push_back(dna::make_constraint_term(constraints));
  const Replica target{.alpha = 1, .beta = {1, 1}};  // exp(fitness / tau) at tau = 1
  PONDER_ASSIGN(const Energy energy,
                Energy::make(density, density.root(), law, {target}, std::move(terms)));
  PONDER_ASSIGN(const auto kernel, make_kernel("gwg", energy));  // proposals by the gradient
  PONDER_ASSIGN(Chains chains, Chains::start(energy, *kernel, {.chains = 16, .seed = 1}));
  while (chains.n_draws() < 500) PONDER_TRY(chains.step());
  for (const Column& column : chains.trace().posterior)
    if (column.name == "motif")
      std::printf("mean fitness %.1f nats\n", summarise(column.chains).mean);
  return {};
}
// [/dna]

Status run() {
  dna::Constraints constraints;
  constraints.letters.assign(40, dna::kAnyLetter);
  PONDER_ASSIGN(const auto site, dna::parse_iupac("GAATTC", "the tour"));
  constraints.forbidden = {site};
  PONDER_TRY(fittest(constraints));
  return draw(constraints);
}

}  // namespace

int main() {
  const Status s = run();
  if (!s.ok()) std::fprintf(stderr, "error: %s\n", s.error().message().c_str());
  return s.ok() ? 0 : 1;
}
