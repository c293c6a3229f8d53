// What a file's metadata can change about a model: rotary scaling (linear, YaRN), the base, window and pattern of local
// layers, soft caps. Tiny models with such keys set against llama.cpp's log-probabilities of the same files
// (tests/data/tiny/variants.jsonl; f32 keys and values). Its GELU is a table in half precision, hence Gemma's
// tolerance.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "models.h"
#include "pieces.h"

namespace ponder {
namespace {

test::Value value_of(const nlohmann::json& j) {
  if (j.is_string()) return {8, test::str(j.get<std::string>())};
  if (j.is_number_integer()) return {11, test::raw(j.get<std::int64_t>())};
  return {12, test::raw(j.get<double>())};
}

std::vector<double> log_probs(const std::string& bytes, const std::vector<Token>& ids) {
  const auto file =
      test::must(GgufFile::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "variant"));
  const auto d = test::density(test::must(Model::load(file, {.precision = Precision::kF32})));
  const PrefixRef context = test::must(d->add_context(std::span(ids).first(1)));
  Rows rows;
  const Extend e{.parent = context, .tokens = std::span(ids).subspan(1), .rows = RowSet::kTargets};
  EXPECT_TRUE(d->extend({&e, 1}, rows).ok());
  std::vector<double> lp;
  for (const Row& r : rows.rows) lp.push_back(r.logprob);
  return lp;
}

TEST(Variants, LogProbabilitiesAsLlamaCppHasThem) {
  std::ifstream in(std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/variants.jsonl");
  int n = 0;
  for (std::string line; std::getline(in, line); ++n) {
    const auto row = nlohmann::json::parse(line);
    SCOPED_TRACE(row["model"].get<std::string>() + " " + row["changes"].dump());
    const auto ids = row["ids"].get<std::vector<Token>>();
    const auto want = row["logp"].get<std::vector<double>>();
    test::Pieces p(*test::must(GgufFile::open(test::tiny_path(row["model"]))));
    const auto plain = log_probs(p.bytes(), ids);
    for (const auto& [key, value] : row["changes"].items()) p.metadata[key] = value_of(value);
    const auto got = log_probs(p.bytes(), ids);
    ASSERT_EQ(got.size(), want.size());
    const double tolerance = row["model"] == "gemma3" ? 1e-2 : 1e-4;
    double change = 0;
    for (std::size_t t = 0; t < got.size(); ++t) {
      EXPECT_NEAR(got[t], want[t], tolerance) << "position " << t;
      change = std::max(change, std::abs(got[t] - plain[t]));
    }
    const bool none = row["changes"].value("llama.rope.scaling.type", "") == "none";
    EXPECT_TRUE(none || change > 0.1) << "the key has no effect";
  }
  EXPECT_EQ(n, 17);
}

}  // namespace
}  // namespace ponder
