// Small fitnesses of DNA for tests: random motifs, all sequences of a length, energies over them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "mcmc/site_scores.h"
#include "ponder/dna/search.h"

namespace ponder::dna::test {

inline LogOdds random_odds(int n, std::mt19937& rng) {
  std::gamma_distribution<double> gamma(0.5);
  Motif m{.id = "random"};
  for (int j = 0; j < n; ++j) {
    std::array<double, kLetters> column{};
    double sum = 0;
    for (double& p : column) sum += p = gamma(rng) + 0.02;
    for (double& p : column) p /= sum;
    m.columns.push_back(column);
  }
  return log_odds(m);
}

inline std::vector<Sequence> all_sequences(int n) {
  std::vector<Sequence> all;
  for (int code = 0; code < 1 << 2 * n; ++code) {
    Sequence x;
    for (int t = 0; t < n; ++t) x.push_back(code >> 2 * t & 3);
    all.push_back(std::move(x));
  }
  return all;
}

/// An energy whose first terms are a fitness and whose last term has the constraints.
struct DnaWorld {
  DnaWorld(Constraints constraints, std::vector<std::unique_ptr<Term>> terms,
           std::vector<double> weights, std::vector<double> temperatures = {1})
      : c(std::move(constraints)), density(std::move(*SequenceDensity::make(c.letters))) {
    const ReplyLaw law = *ReplyLaw::make(
        {.target = Target::kFixed, .horizon = static_cast<int>(c.letters.size())}, kLetters, {});
    std::vector<Replica> replicas;
    for (double tau : temperatures) {
      replicas.push_back({.alpha = 1, .beta = weights});
      for (double& b : replicas.back().beta) b /= tau;
      replicas.back().beta.push_back(1);
    }
    terms.push_back(make_constraint_term(c));
    energy = std::make_unique<Energy>(
        *Energy::make(density, density.root(), law, replicas, std::move(terms)));
  }
  double value(const Sequence& x, int replica = 0) const {
    std::vector<ChainState> s;
    const Energy::Edit edit{.tail = x};
    EXPECT_TRUE(energy->evaluate({&edit, 1}, s).ok());
    return -energy->energy(s[0], replica);
  }
  SiteScores scores(const Sequence& x) const {
    std::vector<ChainState> state;
    const Energy::Edit edit{.tail = x};
    EXPECT_TRUE(energy->evaluate({&edit, 1}, state).ok());
    const ChainState* one = state.data();
    std::vector<SiteScores> s;
    EXPECT_TRUE(site_scores(*energy, {&one, 1}, 1, s).ok());
    return s[0];
  }

  Constraints c;
  SequenceDensity density;
  std::unique_ptr<Energy> energy;
};

inline std::vector<LetterSet> any_letters(int n) { return std::vector<LetterSet>(n, kAnyLetter); }

inline std::vector<std::unique_ptr<Term>> terms_of(std::unique_ptr<Term> a,
                                                   std::unique_ptr<Term> b = nullptr) {
  std::vector<std::unique_ptr<Term>> all;
  all.push_back(std::move(a));
  if (b) all.push_back(std::move(b));
  return all;
}

}  // namespace ponder::dna::test
