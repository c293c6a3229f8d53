// A language model as a term: the contract, the model's own numbers, its gradient in a kernel, and
// letters in vocabularies. Model: tests/data/tiny.
#include "ponder/dna/language.h"
#include "ponder/energy/contract.h"
#include "ponder/model/model.h"
#include "world.h"

namespace ponder::dna::test {
namespace {

std::shared_ptr<const GgufFile> tiny(const std::string& name) {
  return *GgufFile::open(std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/" + name +
                         "/model.gguf");
}

struct LanguageOfLetters : testing::Test {
  static constexpr int kLength = 6;
  std::unique_ptr<LetterTerm> term(int at_once) {
    const ReplyLaw law =
        *ReplyLaw::make({.target = Target::kTruncated, .horizon = kLength}, density->n_vocab(), {});
    return make_score_term("model", make_language_score(*density, context, law), letters, at_once);
  }
  void SetUp() override {
    const auto file = tiny("llama-tied");
    letters = *letter_tokens(**Tokenizer::from_gguf(file), "test");
    const auto model = *Model::load(file, {.precision = Precision::kF32, .n_threads = 1});
    density = *LanguageDensity::make(model, {.n_ctx = 32});
    context = *density->add_context(std::vector<Token>{1, 5, 7});
  }
  LetterTokens letters{};
  std::unique_ptr<LanguageDensity> density;
  PrefixRef context;
};

TEST(Letters, AreTokensOfOneCapital) {
  for (const char* name : {"llama-tied", "gpt2", "gemma3"}) {
    const auto t = *Tokenizer::from_gguf(tiny(name));
    const auto letters = letter_tokens(*t, name);
    ASSERT_TRUE(letters.ok()) << letters.error().message();
    for (Token v = 0; v < kLetters; ++v) {
      EXPECT_EQ(t->piece((*letters)[v]), dna_text({&v, 1})) << name;
      EXPECT_EQ(t->kind((*letters)[v]), TokenKind::kNormal)
          << name << ": a token rather than a byte";
    }
  }
}

TEST_F(LanguageOfLetters, KeepsTheContract) {
  std::vector<Token> candidates;
  for (int i = 0; i < kLength * kLetters; ++i) candidates.push_back((i * 3 + i / 4) % 4);
  const auto t = term(8);
  const Status s = check_contract(*t, candidates, kLetters);
  EXPECT_TRUE(s.ok()) << (s.ok() ? "" : s.error().message());
}

TEST_F(LanguageOfLetters, SaysLogPOfTheTokensInAnyBatch) {
  const std::vector<Sequence> x{{0, 1, 2, 3, 0, 1},
                                {3, 3, 3, 3, 3, 3},
                                {0, 1, 2, 3, 0, 2},
                                {2, 1, 0, 0, 1, 2},
                                {1, 1, 2, 2, 3, 0}};
  std::vector<double> f, in_twos;
  ASSERT_TRUE(term(8)->score(x, f).ok());
  ASSERT_TRUE(term(2)->score(x, in_twos).ok());
  EXPECT_EQ(f, in_twos);
  EXPECT_EQ(density->cost().tokens_backward, 0) << "sequences need no derivative";
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::vector<Token> ids;
    for (Token v : x[i]) ids.push_back(letters[v]);
    const Extend e{.parent = context, .tokens = ids, .rows = RowSet::kTargets};
    Rows rows;
    ASSERT_TRUE(density->extend({&e, 1}, rows).ok());
    double sum = 0;
    for (const Row& r : rows.of(0)) sum += r.logprob;
    EXPECT_EQ(f[i], sum) << i;
  }
}

TEST_F(LanguageOfLetters, HasTheSameGradientInAnyBatch) {
  const std::vector<Token> candidates{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
                                      0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
  std::vector<std::vector<float>> w(3, std::vector<float>(candidates.size()));
  for (std::size_t k = 0; k < w.size(); ++k)
    for (std::size_t i = 0; i < w[k].size(); ++i) w[k][i] = (i + k) % kLetters == 0 ? 0.7f : 0.1f;
  std::vector<SoftPoint> points;
  for (const auto& one : w) points.push_back({candidates, one, kLetters});
  std::vector<SoftValue> together, in_twos;
  ASSERT_TRUE(term(8)->evaluate(std::span<const SoftPoint>(points), together).ok());
  ASSERT_TRUE(term(2)->evaluate(std::span<const SoftPoint>(points), in_twos).ok());
  for (std::size_t k = 0; k < w.size(); ++k)
    EXPECT_EQ(together[k].weights, in_twos[k].weights) << k;
}

// Half of what a kernel estimates for a letter is its first-order change.
TEST_F(LanguageOfLetters, GivesKernelsItsGradient) {
  const Sequence x{0, 1, 2, 3, 0, 2};
  const DnaWorld w({.letters = any_letters(kLength)}, terms_of(term(8)), {0.8});
  const SiteScores s = w.scores(x);
  std::vector<Token> candidates;
  for (int i = 0; i < kLength * kLetters; ++i) candidates.push_back(i % kLetters);
  const auto t = term(8);
  const auto change = first_order(*t, x, candidates, kLetters);
  ASSERT_TRUE(change.ok());
  double largest = 0;
  for (int i = 0; i < kLength * kLetters; ++i) {
    EXPECT_NEAR(s.at(i / kLetters)[i % kLetters], 0.8 * (*change)[i] / 2, 1e-5) << i;
    largest = std::max(largest, std::abs((*change)[i]));
  }
  EXPECT_GT(largest, 0.05);
}

}  // namespace
}  // namespace ponder::dna::test
