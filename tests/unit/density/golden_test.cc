// The tiny models of every architecture, on every engine, compared with reference log-probabilities
// and derivatives (Hugging Face modules, float32).
#include <algorithm>
#include <cmath>

#include "jsonl.h"
#include "models.h"
#include "ponder/density/gradient.h"
#include "relative.h"

namespace ponder {
namespace {

using test::must;

std::vector<nlohmann::json> sequences(const std::string& model) {
  return test::read_jsonl("tiny/" + model + "/seqs.jsonl");
}

struct Error2 {
  double max = 0, mean = 0;
};

Error2 compare(const test::OnEngine& m, const ModelOptions& options) {
  const auto d = test::density(test::load(m, options));
  Error2 e;
  int n = 0;
  for (const nlohmann::json& row : sequences(m.model)) {
    const auto ids = row["ids"].get<std::vector<Token>>();
    const auto want = row["logp"].get<std::vector<double>>();
    const PrefixRef context = must(d->add_context(std::span(ids).first(1)));
    Rows rows;
    const Extend e1{
        .parent = context, .tokens = std::span(ids).subspan(1), .rows = RowSet::kTargets};
    EXPECT_TRUE(d->extend({&e1, 1}, rows).ok());
    for (std::size_t t = 0; t < want.size(); ++t, ++n) {
      const double diff = std::abs(rows.rows[t].logprob - want[t]);
      e.max = std::max(e.max, diff);
      e.mean += diff;
    }
  }
  EXPECT_GT(n, 80);
  e.mean /= n;
  return e;
}

class Golden : public testing::TestWithParam<test::OnEngine> {};

TEST_P(Golden, LogProbabilitiesInF32) {
  const Error2 e = compare(GetParam(), {.precision = Precision::kF32});
  EXPECT_LT(e.max, 1e-4) << e.mean;
}
TEST_P(Golden, LogProbabilitiesInBf16) {
  const Error2 e = compare(GetParam(), {.precision = Precision::kBF16});
  EXPECT_LT(e.max, 0.2) << e.mean;
  EXPECT_GT(e.max, 1e-5);  // the arithmetic is another one
}
TEST_P(Golden, QuantisedFormGivesTheSameNumbers) {
  const Error2 packed =
      compare(GetParam(), {.precision = Precision::kF32, .weights = WeightForm::kPacked});
  const Error2 tiles =
      compare(GetParam(), {.precision = Precision::kF32, .weights = WeightForm::kQuantised});
  EXPECT_EQ(packed.mean, tiles.mean);
}
// Models of tools/make_arch_cases.py have derivatives, too.
TEST(GoldenGradient, InTheVectorsThatEnterTheFirstLayer) {
  int n_models = 0;
  for (const test::OnEngine& m : test::on_engines(test::kTiny)) {
    const nlohmann::json row = sequences(m.model).front();
    if (!row.contains("grad")) continue;
    SCOPED_TRACE(m.model);
    ++n_models;
    const auto ids = row["ids"].get<std::vector<Token>>();
    const auto given = row["given"].get<std::size_t>();
    const auto want = row["grad"].get<std::vector<double>>();
    const auto d = test::density(test::load(m, {.precision = Precision::kF32}));
    const PrefixRef prompt = must(d->add_context(std::span(ids).first(given)));
    const SoftReply reply{.parent = prompt, .candidates = std::span(ids).subspan(given)};
    std::vector<ReplyGradient> got;
    ASSERT_TRUE(d->value_and_grad({&reply, 1}, {}, {}, got).ok());
    ASSERT_EQ(got[0].embedding.size(), want.size());
    EXPECT_LT(test::relative(got[0].embedding, want), 1e-4);
  }
  EXPECT_EQ(n_models, 7 * static_cast<int>(engines().size()));
}
INSTANTIATE_TEST_SUITE_P(Tiny, Golden, testing::ValuesIn(test::on_engines(test::kTiny)),
                         test::suite_name);

}  // namespace
}  // namespace ponder
