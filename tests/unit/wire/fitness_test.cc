// A fitness from JSON to designs, without the program: the errors of parse_fitness, and the
// behaviour of design() with values that no flag allows.
#include <gtest/gtest.h>

#include "ponder/wire.h"
#include "says.h"

namespace ponder::test {
namespace {

Result<FitnessRequest> parsed(const std::string& json) {
  return parse_fitness(json, "F.json", "folder");
}

TEST(Fitness, FilesLieInTheFolder) {
  const auto f = parsed(
      R"({"terms":[{"kind":"motif","file":"m.jaspar","name":"M","weight":2},{"kind":"gc"}]})");
  ASSERT_TRUE(f.ok()) << error_of(f);
  ASSERT_EQ(f->terms.size(), 2U);
  const auto* motif = std::get_if<MotifFitness>(&f->terms[0].kind);
  ASSERT_NE(motif, nullptr);
  EXPECT_EQ(motif->source.file, "folder/m.jaspar");
  EXPECT_FALSE(motif->source.id);
  EXPECT_EQ(f->terms[0].name, "M");
  EXPECT_EQ(f->terms[0].weight, 2);
  EXPECT_EQ(f->terms[1].where, "F.json, term 1");
}

TEST(Fitness, SitesComeWithTheirComplements) {
  const auto f =
      parsed(R"({"terms":[{"kind":"avoid","sites":["GAATTC","AAC"]}],"max_homopolymer":1e300})");
  ASSERT_TRUE(f.ok()) << error_of(f);
  EXPECT_EQ(std::get<AvoidFitness>(f->terms[0].kind).sites.size(),
            3U);  // the first one reads the same both ways
  EXPECT_GT(f->max_homopolymer, 1000000);
}

TEST(Fitness, ErrorsSayWhereAndWhatIsNear) {
  EXPECT_SAYS(parsed("["), "expected a JSON object, got parse error at line 1, column 2");
  EXPECT_SAYS(parsed("3"), "expected a JSON object, got 3 (F.json)");
  EXPECT_SAYS(parsed("{}"), "expected a list of terms, got none (F.json)");
  EXPECT_SAYS(parsed(R"({"terms":[{"kind":"gc"},{"kind":"motiv"}]})"),
              "(F.json, term 1); did you mean motif?");
  EXPECT_SAYS(parsed(R"({"terms":[{"kind":"gc","taget":0.4}]})"), "did you mean target?");
  EXPECT_SAYS(parsed(R"({"terms":[{"kind":"gc","target":50}]})"), "did you mean 0.5?");
  EXPECT_SAYS(parsed(R"({"terms":[{"kind":"motif"}]})"),
              "expected a text for file, got none (F.json, term 0)");
  EXPECT_SAYS(parsed(R"({"terms":[{"kind":"gc"}],"frozen":[{"begin":"1"}]})"),
              R"(got {"begin":"1"})");
  EXPECT_SAYS(parsed(R"({"terms":[{"kind":"gc"}],"max_homopolymer":2.5})"),
              "a whole number of letters");
  const std::string deep(100000, '[');
  EXPECT_SAYS(parsed(deep + std::string(deep.size(), ']')), "nesting of at most 64 levels");
}

TEST(Design, GivenSequencesAreScored) {
  DesignRequest r;
  r.fitness = *parsed(R"({"terms":[{"kind":"gc","deviation":10}],"forbidden":["AAA"]})");
  r.given = {{"half", *dna::parse_dna("ACGT", "")}, {"against", *dna::parse_dna("AAAC", "")}};
  r.start = r.given[0].sequence;
  const auto a = design(r);
  ASSERT_TRUE(a.ok()) << error_of(a);
  EXPECT_EQ(a->designs[0].fitness, 0);
  EXPECT_EQ(a->designs[1].fitness, -INFINITY);
  EXPECT_EQ(a->designs[1].edits, 3);
  EXPECT_EQ(a->totals.diversity, 0.75);
  ASSERT_EQ(a->warnings.size(), 1U);
  EXPECT_NE(a->warnings[0].find("did you mean 0.1?"), std::string::npos);
  EXPECT_EQ(fasta_text(*a),
            ">half fitness=0.0000 edits=0\nACGT\n>against fitness=-inf edits=3\nAAAC\n");
}

TEST(Design, RequestsThatNoFlagMakesAreRefused) {
  DesignRequest r;
  r.fitness = *parsed(R"({"terms":[{"kind":"gc"}]})");
  EXPECT_SAYS(design(r), "the length of the sequences");
  r.length = 4;
  r.n = 0;
  EXPECT_SAYS(design(r), "1 design or more, got 0");
  r.n = 1;
  r.tau = 0;
  EXPECT_SAYS(design(r), "a temperature above 0");
  r.tau = 1;
  r.given = {{"no letter", {0, 4, 1, 2}}};
  EXPECT_SAYS(design(r), "the tokens 0 to 3");
  r.given.clear();
  r.fitness.frozen = {{.begin = INT64_MAX, .letters = {1}, .text = "far"}};
  EXPECT_SAYS(design(r), "a span within the sequence, got far");
}

TEST(Design, AnnealedChainsHaveNobodyToExchangeWith) {
  DesignRequest r;
  r.fitness = *parsed(R"({"terms":[{"kind":"gc"}]})");
  r.length = 4;
  r.method = DesignMethod::kAnneal;
  r.kernel = "exchange+gwg";
  EXPECT_SAYS(design(r), "a kernel without exchange");
}

TEST(Design, MethodsHaveNames) {
  for (const char* name :
       {"sample", "anneal", "ascent", "straight-through", "neighbours", "exact"}) {
    const auto method = parse_design_method(name);
    ASSERT_TRUE(method) << name;
    EXPECT_EQ(to_string(*method), name);
  }
  EXPECT_FALSE(parse_design_method("descent"));
}

}  // namespace
}  // namespace ponder::test
