// Files and letters: what is read, and what is said of bad ones.
#include "world.h"

namespace ponder::test {
namespace {

template <class T>
std::string error_of(const Result<T>& r) {
  return r.ok() ? "" : r.error().message();
}
#define EXPECT_SAYS(result, words) EXPECT_NE(error_of(result).find(words), std::string::npos) << error_of(result)

TEST(Alphabet, ReadsAndComplements) {
  EXPECT_EQ(dna_text(*parse_dna("acGT", "x")), "ACGT");
  EXPECT_EQ(dna_text(reverse_complement(*parse_dna("AACG", "x"))), "CGTT");
  EXPECT_EQ(reverse_complement(*parse_iupac("AYN", "x")), *parse_iupac("NRT", "x"));
  EXPECT_SAYS(parse_dna("ACXT", "s.fa"), "'X' (s.fa, letter 2)");
  EXPECT_SAYS(parse_iupac("AC-", "x"), "'-'");
}

TEST(Fasta, GoesInAndOut) {
  const auto r = parse_fasta(">one a\nACGT\nA C\n\n>two\r\nGG\r\n", "f.fa");
  ASSERT_TRUE(r.ok()) << error_of(r);
  ASSERT_EQ(r->size(), 2u);
  EXPECT_EQ((*r)[0].name, "one a");
  EXPECT_EQ((*r)[0].letters, "ACGTAC");
  EXPECT_EQ((*r)[1].letters, "GG");
  EXPECT_EQ(fasta_text(*r), ">one a\nACGTAC\n>two\nGG\n");
  EXPECT_SAYS(parse_fasta("ACGT\n", "f.fa"), "'ACGT' (f.fa, line 1)");
  EXPECT_SAYS(parse_fasta("", "f.fa"), "at least one");
  EXPECT_SAYS(parse_fasta(">a\n\n>b\nA\n", "f.fa"), "letters after >a, got another record (f.fa, line 3)");
  EXPECT_SAYS(parse_fasta(">a\nA\n>b\n", "f.fa"), "letters after >b, got the end (f.fa, line 3)");
}

constexpr const char* kJaspar = ">MA1 CTCF\nA [ 8 0 1 ]\nC [ 0 9 1 ]\nG [ 1 0 7 ]\nT [ 1 1 1 ]\n";
constexpr const char* kTransfac = "AC M1\nXX\nID x\nP0 A C G T\n01 8 0 1 1 A\n02 0 9 0 1 C\n03 1 1 7 1 G\nXX\n//\n";
constexpr const char* kMeme =
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1 name\nletter-probability matrix: alength= 4 w= 3\n"
    "0.8 0.0 0.1 0.1\n0 0.9 0 0.1\n0.1 0.1 0.7 0.1\n\n";

TEST(Motifs, AreTheSameFromAllFormats) {
  const auto jaspar = parse_motifs(kJaspar, "m", 0), transfac = parse_motifs(kTransfac, "m", 0),
             meme = parse_motifs(kMeme, "m", 0);
  for (const auto* r : {&jaspar, &transfac, &meme}) {
    ASSERT_TRUE(r->ok()) << error_of(*r);
    ASSERT_EQ((*r)->size(), 1u);
    ASSERT_EQ((**r)[0].n(), 3);
    for (int j = 0; j < 3; ++j)
      for (int v = 0; v < kLetters; ++v) EXPECT_NEAR((**r)[0].columns[j][v], (*jaspar)[0].columns[j][v], 1e-12);
  }
  EXPECT_EQ((*jaspar)[0].name, "CTCF");
  EXPECT_EQ((*transfac)[0].id, "M1");
  EXPECT_EQ((*meme)[0].id, "M1");
  const auto soft = parse_motifs(kJaspar, "m", 2);
  EXPECT_NEAR((*soft)[0].columns[0][1], 0.5 / 12, 1e-12);
  EXPECT_NEAR(log_odds((*jaspar)[0])[0][0], std::log(0.8 / 0.25), 1e-12);
  EXPECT_EQ(log_odds((*jaspar)[0])[0][1], kLeastOdds);
}

TEST(Motifs, SayWhatIsWrong) {
  EXPECT_SAYS(parse_motifs("hello", "m"), "JASPAR, MEME or TRANSFAC");
  EXPECT_SAYS(parse_motifs(">M\nA [ 1 2 ]\nC [ 1 ]\n", "m"), "2 numbers");
  EXPECT_SAYS(parse_motifs(">M\nA [ 1 2 ]\nC [ 1 2 ]\n", "m"), "four rows");
  EXPECT_SAYS(parse_motifs(">M\nA 8 0\nC 0 9\nG 1 5\nT 1 1\n", "m"), "15.000000 in column 1 of M");
  EXPECT_SAYS(parse_motifs(">M\nA 8 -1\nC 0 9\nG 1 1\nT 1 1\n", "m"), "negative");
  EXPECT_SAYS(parse_motifs("MEME version 4\nMOTIF M\nletter-probability matrix:\n0.8 0.3 0.1 0.1\n", "m"), "1.3");
  EXPECT_SAYS(parse_motifs("MEME version 4\nMOTIF M\nletter-probability matrix:\n0.8 0.1 0.1\n", "m"), "four");
  EXPECT_SAYS(parse_motifs("MEME version 4\nMOTIF M\n", "m"), "at least one position");
  EXPECT_SAYS(parse_motifs("P0 A C G T\n01 1 1 x\n//\n", "m"), "four numbers");
  EXPECT_SAYS(parse_motifs("P0 A C G T\n01 1 1 x\n//\n", "m"), "(m, line 2)");
}

TEST(DnaDensity, IsUniformOverWhatMayStand) {
  auto d = DnaDensity::make(*parse_iupac("ARN", "x"));
  const Dna x{0, 2, 3};
  const Extend e{.parent = d->root(), .tokens = x, .rows = RowSet::kTargets};
  Rows rows;
  ASSERT_TRUE(d->extend({&e, 1}, rows).ok());
  EXPECT_NEAR(rows.rows[0].logprob, 0, 1e-12);
  EXPECT_NEAR(rows.rows[1].logprob, -std::log(2), 1e-12);
  EXPECT_NEAR(rows.rows[2].logprob, -std::log(4), 1e-12);
  const Dna y{1, 0, 0};
  const Extend other{.parent = d->root(), .tokens = y, .rows = RowSet::kTargets};
  ASSERT_TRUE(d->extend({&other, 1}, rows).ok());
  EXPECT_EQ(rows.rows[0].logprob, -INFINITY);
  EXPECT_FALSE(DnaDensity::make({15, 0}).ok());
}

}  // namespace
}  // namespace ponder::test
