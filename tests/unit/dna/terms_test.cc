// Terms: known values, the contract of relaxed scores, and the estimates that kernels make with
// them.
#include "ponder/energy/contract.h"
#include "world.h"

namespace ponder::dna::test {
namespace {

double value_of(LetterTerm& t, const std::string& letters) {
  std::vector<double> f;
  const std::vector<Sequence> x{*parse_dna(letters, "test")};
  EXPECT_TRUE(t.score(x, f).ok());
  return f.empty() ? NAN : f[0];
}

// One base is worth 1 nat, every other -1.
LogOdds odds_for(const std::string& word) {
  LogOdds o;
  const Sequence letters = *parse_dna(word, "test");
  for (Token v : letters) {
    o.push_back({-1, -1, -1, -1});
    o.back()[v] = 1;
  }
  return o;
}

TEST(Motif, TakesTheBestPlaceOrTheSumOfOdds) {
  EXPECT_NEAR(
      value_of(*make_motif_term("m", {odds_for("ACG"), Over::kBest, Strands::kForward}), "TTACGTT"),
      3, 1e-6);
  EXPECT_NEAR(
      value_of(*make_motif_term("m", {odds_for("ACC"), Over::kBest, Strands::kForward}), "GGTGGTG"),
      -3, 1e-6);
  EXPECT_NEAR(value_of(*make_motif_term("m", {odds_for("ACC")}), "AAGGTAA"), 3, 1e-6)
      << "the other strand";
  EXPECT_NEAR(
      value_of(*make_motif_term("m", {odds_for("AC"), Over::kSum, Strands::kForward}), "ACCG"),
      std::log(std::exp(2.) + std::exp(0.) + std::exp(-2.)), 1e-6);
}

TEST(Motif, HasABestPlace) {
  const auto place = [](const char* letters, Strands strands) {
    return best_place({odds_for("ACC"), Over::kBest, strands}, *parse_dna(letters, "test"));
  };
  const MotifPlace forward = place("TTACCTT", Strands::kBoth),
                   reverse = place("AAAAGGTA", Strands::kBoth);
  EXPECT_EQ(forward.begin, 2);
  EXPECT_FALSE(forward.is_reverse);
  EXPECT_EQ(reverse.begin, 4);
  EXPECT_TRUE(reverse.is_reverse);
  EXPECT_NEAR(reverse.odds, 3, 1e-12);
  EXPECT_FALSE(place("AAAAGGTA", Strands::kForward).is_reverse);
  EXPECT_EQ(place("AC", Strands::kBoth).odds, -INFINITY);
}

TEST(Spacing, WantsGapAndOrder) {
  const MotifPair pair{odds_for("AAA"), odds_for("CCC"), 2, 1, true, Strands::kForward};
  EXPECT_NEAR(value_of(*make_spacing_term("s", pair), "AAAGGCCC"), 6, 1e-6);
  EXPECT_NEAR(value_of(*make_spacing_term("s", pair), "AAAGCCCG"), 5.5, 1e-6);
  EXPECT_LT(value_of(*make_spacing_term("s", pair), "CCCGGAAA"), 4);
  MotifPair any = pair;
  any.in_order = false;
  EXPECT_NEAR(value_of(*make_spacing_term("s", any), "CCCGGAAA"), 6, 1e-6);
}

TEST(Others, CountWhatTheySay) {
  EXPECT_NEAR(value_of(*make_gc_term(0.5, 0.25), "GGGG"), -2, 1e-6);
  EXPECT_NEAR(value_of(*make_avoid_term({*parse_iupac("AY", "p")}), "ACATAG"), -2, 1e-6);
  EXPECT_NEAR(value_of(*make_similarity_term(*parse_dna("ACGT", "s")), "ACTA"), -2, 1e-6);
}

TEST(Terms, KeepTheContract) {
  std::mt19937 rng(4);
  std::vector<std::unique_ptr<LetterTerm>> all;
  all.push_back(make_motif_term("best", {random_odds(4, rng)}));
  all.push_back(make_motif_term("sum", {random_odds(4, rng), Over::kSum}));
  all.push_back(make_spacing_term("pair", {random_odds(3, rng), random_odds(3, rng), 2, 2}));
  all.push_back(make_gc_term(0.4, 0.2));
  all.push_back(make_avoid_term({*parse_iupac("ANR", "p")}));
  all.push_back(make_similarity_term(*parse_dna("ACGTACGTAC", "s")));
  std::vector<Token> candidates;
  for (int i = 0; i < 40; ++i) candidates.push_back((i * 3 + i / 4) % 4);
  for (const auto& t : all) {
    const Status s = check_contract(*t, candidates, 4, {.step = 1e-3});
    EXPECT_TRUE(s.ok()) << t->name() << ": " << (s.ok() ? "" : s.error().message());
  }
}

// Of a term that is linear in every position, half the exact change; with the budget spent, only
// ways back.
TEST(SiteScores, FollowTermsAndMaskTheBudget) {
  std::mt19937 rng(4);
  Constraints c{.letters = any_letters(6), .start = {0, 1, 2, 3, 0, 1}, .max_edits = 2};
  const DnaWorld w(
      c, terms_of(make_motif_term("m", {random_odds(6, rng), Over::kBest, Strands::kForward})),
      {0.8});
  for (const Sequence& x : {Sequence{0, 1, 2, 3, 0, 2}, Sequence{1, 1, 2, 3, 0, 2}}) {
    const SiteScores s = w.scores(x);
    for (int t = 0; t < 6; ++t)
      for (Token v = 0; v < kLetters; ++v) {
        Sequence y = x;
        y[t] = v;
        const double half = (w.value(y) - w.value(x)) / 2;
        if (std::isinf(half))
          EXPECT_EQ(s.at(t)[v], -INFINITY) << t << " " << v;
        else
          EXPECT_NEAR(s.at(t)[v], half, 1e-5) << t << " " << v;
      }
  }
}

}  // namespace
}  // namespace ponder::dna::test
