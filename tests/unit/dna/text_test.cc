// Sequence files and letters, and the errors for bad ones. Motifs: motifs_test.cc.
#include "says.h"
#include "world.h"

namespace ponder::dna::test {
using ponder::test::error_of;

namespace {

TEST(Alphabet, ReadsAndComplements) {
  EXPECT_EQ(dna_text(*parse_dna("acGT", "x")), "ACGT");
  EXPECT_EQ(dna_text(reverse_complement(*parse_dna("AACG", "x"))), "CGTT");
  EXPECT_EQ(reverse_complement(*parse_iupac("AYN", "x")), *parse_iupac("NRT", "x"));
  EXPECT_SAYS(parse_dna("ACXT", "s.fa"), "'X' (s.fa, letter 2)");
  EXPECT_SAYS(parse_iupac("AC-", "x"), "'-'");
  EXPECT_EQ(dna_text(*parse_dna("acgu", "RNA")), "ACGT");
  EXPECT_SAYS(parse_dna("AC-GT", "s.fa"), "gaps of the alignment");
  EXPECT_SAYS(parse_dna("ACN", "s.fa"), "put one letter where several may stand");
}

TEST(Fasta, GoesInAndOut) {
  const auto r = parse_fasta(">one a\nACGT\nA C\n\n>two\r\nGG\r\n", "f.fa");
  ASSERT_TRUE(r.ok()) << error_of(r);
  ASSERT_EQ(r->size(), 2u);
  EXPECT_EQ((*r)[0].name, "one a");
  EXPECT_EQ((*r)[0].letters, "ACGTAC");
  EXPECT_EQ((*r)[1].letters, "GG");
  EXPECT_EQ(fasta_text(*r), ">one a\nACGTAC\n>two\nGG\n");
  EXPECT_EQ((*parse_fasta("\xEF\xBB\xBF> one\r\n\r\nac\r\ngt", "f.fa"))[0].name, "one");
  EXPECT_EQ((*parse_fasta("\xEF\xBB\xBF> one\r\n\r\nac\r\ngt", "f.fa"))[0].letters, "acgt");
  EXPECT_SAYS(parse_fasta("ACGT\n", "f.fa"), "'ACGT' (f.fa, line 1)");
  EXPECT_SAYS(parse_fasta("", "f.fa"), "at least one");
  EXPECT_SAYS(parse_fasta(">a\n\n>b\nA\n", "f.fa"),
              "letters after >a, got another record (f.fa, line 3)");
  EXPECT_SAYS(parse_fasta(">a\nA\n>b\n", "f.fa"), "letters after >b, got the end (f.fa, line 3)");
}

TEST(SequenceDensity, IsUniformOverWhatMayStand) {
  auto d = SequenceDensity::make(*parse_iupac("ARN", "x"));
  const Sequence x{0, 2, 3};
  const Extend e{.parent = d->root(), .tokens = x, .rows = RowSet::kTargets};
  Rows rows;
  ASSERT_TRUE(d->extend({&e, 1}, rows).ok());
  EXPECT_NEAR(rows.rows[0].logprob, 0, 1e-12);
  EXPECT_NEAR(rows.rows[1].logprob, -std::log(2), 1e-12);
  EXPECT_NEAR(rows.rows[2].logprob, -std::log(4), 1e-12);
  const Sequence y{1, 0, 0};
  const Extend other{.parent = d->root(), .tokens = y, .rows = RowSet::kTargets};
  ASSERT_TRUE(d->extend({&other, 1}, rows).ok());
  EXPECT_EQ(rows.rows[0].logprob, -INFINITY);
  const Token bad[] = {1, 4};
  const Extend both[] = {{.parent = d->root(), .tokens = bad}, other, {.tokens = y}};
  const Status s = d->extend(both, rows);
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().got, "4");
  EXPECT_TRUE(rows.status[1].ok());
  EXPECT_FALSE(rows.status[2].ok());
  EXPECT_EQ(rows.of(1).size(), 3u);
  EXPECT_TRUE(rows.of(0).empty() && rows.of(2).empty());
  EXPECT_EQ(rows.total_cost().total(), 3);
  EXPECT_FALSE(SequenceDensity::make({15, 0}).ok());
}

}  // namespace
}  // namespace ponder::dna::test
