// Motif files: the layouts in which collections publish them, the resulting numbers, and the errors
// for bad files. A whole collection: jaspar_test.py.
#include "says.h"
#include "world.h"

namespace ponder::dna::test {
using ponder::test::error_of;

namespace {

constexpr const char* kJaspar = ">MA1 CTCF\nA [ 8 0 1 ]\nC [ 0 9 1 ]\nG [ 1 0 7 ]\nT [ 1 1 1 ]\n";
constexpr const char* kTransfac =
    "AC M1\nXX\nID x\nP0 A C G T\n01 8 0 1 1 A\n02 0 9 0 1 C\n03 1 1 7 1 G\nXX\n//\n";
constexpr const char* kMeme =
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1 name\nletter-probability matrix: alength= 4 w= "
    "3\n"
    "0.8 0.0 0.1 0.1\n0 0.9 0 0.1\n0.1 0.1 0.7 0.1\n\n";

TEST(Motifs, AreTheSameFromAllFormats) {
  const auto jaspar = parse_motifs(kJaspar, "m", 0), transfac = parse_motifs(kTransfac, "m", 0),
             meme = parse_motifs(kMeme, "m", 0);
  for (const auto* r : {&jaspar, &transfac, &meme}) {
    ASSERT_TRUE(r->ok()) << error_of(*r);
    ASSERT_EQ((*r)->size(), 1u);
    ASSERT_EQ((**r)[0].n(), 3);
    for (int j = 0; j < 3; ++j)
      for (int v = 0; v < kLetters; ++v)
        EXPECT_NEAR((**r)[0].columns[j][v], (*jaspar)[0].columns[j][v], 1e-12);
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
  EXPECT_SAYS(parse_motifs(">M\nA 8 -1\nC 0 9\nG 1 1\nT 1 1\n", "m"),
              "not negative, got one that is not in column 1 of M");
  EXPECT_SAYS(
      parse_motifs("MEME version 4\nMOTIF M\nletter-probability matrix:\n0.8 0.3 0.1 0.1\n", "m"),
      "1.3");
  EXPECT_SAYS(
      parse_motifs("MEME version 4\nMOTIF M\nletter-probability matrix:\n0.8 0.1 0.1\n", "m"),
      "four");
  EXPECT_SAYS(parse_motifs("MEME version 4\nMOTIF M\n", "m"), "at least one position");
  EXPECT_SAYS(parse_motifs(">M\nA 8 1e999\nC 0 9\nG 1 1\nT 1 1\n", "m"), "finite");
  EXPECT_SAYS(parse_motifs(">M\nA 0 0\nC 0 0\nG 0 0\nT 0 0\n", "m"), "zeros alone in M");
  EXPECT_SAYS(
      parse_motifs("MEME version 4\nMOTIF M\nletter-probability matrix: alength= 20 w= 1\n", "m"),
      "20");
  EXPECT_SAYS(
      parse_motifs("MEME version 4\nMOTIF M\nletter-probability matrix: w= 2\n1 0 0 0\n", "m"),
      "2 positions, as w= says, got 1");
  EXPECT_SAYS(parse_motifs("AC M\nP0 C A G T\n01 1 1 1 1\n", "m"), "letters A C G T");
  EXPECT_SAYS(parse_motifs("AC M\nP0 A C G T\nXX\n//\n", "m"), "at least one position");
  EXPECT_SAYS(parse_motifs("P0 A C G T\n01 1 1 x\n//\n", "m"), "four numbers");
  EXPECT_SAYS(parse_motifs("P0 A C G T\n01 1 1 x\n//\n", "m"), "(m, line 2)");
}

// Sums of 12, 8 and 10: each column is a law of its own.
TEST(Motifs, DivideEveryColumnByItsOwnSum) {
  const char* counts[] = {">M unequal\nA 8 0 1\nC 2 6 1.5\nG 1 0 7\nT 1 2 0.5\n",
                          "8 0 1\n2 6 1.5\n1 0 7\n1 2 0.5\n",
                          "AC M\nPO A C G T\n1 8 2 1 1 A\n2 0 6 0 2 C\n3 1 1.5 7 0.5 G\n"};
  for (const char* text : counts) {
    const auto r = parse_motifs(text, "m", 0.8);
    ASSERT_TRUE(r.ok()) << error_of(r);
    ASSERT_EQ((*r)[0].n(), 3) << text;
    EXPECT_NEAR((*r)[0].columns[0][0], 8.2 / 12.8, 1e-12) << text;
    EXPECT_NEAR((*r)[0].columns[1][1], 6.2 / 8.8, 1e-12) << text;
    EXPECT_NEAR((*r)[0].columns[2][3], 0.7 / 10.8, 1e-12) << text;
    EXPECT_TRUE((*r)[0].warnings.empty());
  }
  // Probabilities of two decimals, which sum to 0.98 and 1.02 at worst.
  const auto p = parse_motifs(
      "MEME version 4\nMOTIF M\nletter-probability matrix:\n.24 .24 .25 .25\n.26 .26 .25 .25\n",
      "m");
  ASSERT_TRUE(p.ok()) << error_of(p);
  EXPECT_NEAR((*p)[0].columns[0][0], .24 / .98, 1e-12);
  EXPECT_NEAR((*p)[0].columns[1][3], .25 / 1.02, 1e-12);
}

TEST(Motifs, WarnOfEmptyColumns) {
  for (double pseudocount : {0., 0.8}) {
    const auto r =
        parse_motifs(">M\nA 8 0\nC 0 0\nG 1 0\nT 1 0\n>N\nA 1\nC 1\nG 1\nT 1\n", "m", pseudocount);
    ASSERT_TRUE(r.ok()) << error_of(r);
    ASSERT_EQ((*r)[0].warnings.size(), 1u);
    EXPECT_NE((*r)[0].warnings[0].find("column 1 of motif M is empty"), std::string::npos)
        << (*r)[0].warnings[0];
    const LogOdds scores = log_odds((*r)[0]);
    for (double v : scores[1]) EXPECT_NEAR(v, 0, 1e-12);
    EXPECT_TRUE((*r)[1].warnings.empty());
  }
}

constexpr const char* kMemeOutput =
    R"(********************************************************************************
MEME - Motif discovery tool
********************************************************************************
MEME version 5.5.5 (Release date: Thu Sep 14 08:48:04 2023 +1000)

ALPHABET= ACGT

Background letter frequencies (from uniform background):
A 0.25000 C 0.25000 G 0.25000 T 0.25000

MOTIF ACG MEME-1	width =   2  sites =  17  llr = 173  E-value = 1.1e-004
	Simplified        A  :9
	pos.-specific     C  8:
log-odds matrix: alength= 4 w= 2 n= 1700 bayes= 6.6 E= 1.1e-004
   -12    166    -55     -2
   120   -200   -200   -100
--------------------------------------------------------------------------------
letter-probability matrix: alength= 4 w= 2 nsites= 17 E= 1.1e-004
 0.058824  0.823529  0.058824  0.058823
 0.941176  0.000000  0.000000  0.058824
--------------------------------------------------------------------------------

MOTIF two
letter-probability matrix: alength= 4 w= 1 nsites= 3 E= 0

  1.0	0.0	0.0	0.0
URL http://example.org/two
MOTIF three third
letter-probability matrix:
0.1 0.2 0.3 0.4
)";

constexpr const char* kTransfacTable = R"(VV  TABLE OF MATRICES
XX
//
AC  M00001
XX
ID  V$ONE_01
XX
NA  One
XX
P0      A      C      G      T
01      1      2      2      0      S
02      2.5    1      2      0      N
XX
BA  5 sites
XX
CC  P0 is explained in the manual
//
AC  M00002
XX
ID  V$TWO_02
P0      A      C      G      T
01      0      0      0      7      T
BF  a field right after the matrix
//
)";

constexpr const char* kPfm =
    ">MX0001.1\tONE::TWO (var.2)\n     1      0\n     2      3\n     3      0\n     4      7\n"
    ">MX0002.1\tTHREE\n1\n2\n3\n4\n";

struct Read {
  std::string id, name;
  int n;
};

void expect_motifs(const std::string& text, const std::vector<Read>& expected) {
  const auto r = parse_motifs(text, "m");
  ASSERT_TRUE(r.ok()) << error_of(r);
  ASSERT_EQ(r->size(), expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    EXPECT_EQ((*r)[k].id, expected[k].id);
    EXPECT_EQ((*r)[k].name, expected[k].name);
    EXPECT_EQ((*r)[k].n(), expected[k].n);
  }
}

std::string with_windows_ends(const std::string& text) {
  std::string out = "\xEF\xBB\xBF";  // the byte order mark that some editors put first
  for (char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

TEST(Motifs, AreReadAsPublished) {
  const std::vector<std::pair<std::string, std::vector<Read>>> files{
      {kMemeOutput, {{"ACG", "MEME-1", 2}, {"two", "", 1}, {"three", "third", 1}}},
      {kTransfacTable, {{"M00001", "V$ONE_01", 2}, {"M00002", "V$TWO_02", 1}}},
      {kPfm, {{"MX0001.1", "ONE::TWO (var.2)", 2}, {"MX0002.1", "THREE", 1}}}};
  for (const auto& [text, motifs] : files) {
    expect_motifs(text, motifs);
    expect_motifs(with_windows_ends(text), motifs);
  }
  const auto meme = parse_motifs(kMemeOutput, "m");
  EXPECT_NEAR((*meme)[0].columns[0][1], 0.823529, 1e-9);
  EXPECT_NEAR((*meme)[2].columns[0][3], 0.4, 1e-12);
  EXPECT_NEAR((*parse_motifs(kTransfacTable, "m", 0))[0].columns[1][0], 2.5 / 5.5, 1e-12);
  EXPECT_NEAR((*parse_motifs(kPfm, "m", 0))[0].columns[1][3], 0.7, 1e-12);
  EXPECT_NEAR((*parse_motifs(">R\na [1]\nc [2]\ng [3]\nu [4]\n", "RNA", 0))[0].columns[0][3], 0.4,
              1e-12);
}

}  // namespace
}  // namespace ponder::dna::test
