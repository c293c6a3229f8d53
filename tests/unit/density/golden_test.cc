// The tiny models of every architecture, on every engine, compared with reference log-probabilities
// (Hugging Face modules, float32).
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "models.h"

namespace ponder {
namespace {

using test::must;

struct Error2 {
  double max = 0, mean = 0;
};

Error2 compare(const test::OnEngine& m, const ModelOptions& options) {
  const auto d = test::density(test::load(m, options));
  std::ifstream in(std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/" + m.model + "/seqs.jsonl");
  Error2 e;
  int n = 0;
  for (std::string line; std::getline(in, line);) {
    const auto row = nlohmann::json::parse(line);
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
INSTANTIATE_TEST_SUITE_P(Tiny, Golden, testing::ValuesIn(test::on_engines(test::kTiny)),
                         test::suite_name);

}  // namespace
}  // namespace ponder
