// Metadata of a file that changes a model: rotary scaling (linear, YaRN), the base, window and
// pattern of local layers, soft caps. Tiny models with such keys are compared with llama.cpp's
// log-probabilities of the same files (tests/data/tiny/variants.jsonl; f32 keys and values).
// llama.cpp's GELU is a table in half precision, hence Gemma's tolerance.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "models.h"
#include "pieces.h"

namespace ponder {
namespace {

void compare(const EngineKind& engine) {
  std::ifstream in(std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/variants.jsonl");
  int n = 0;
  for (std::string line; std::getline(in, line); ++n) {
    const auto row = nlohmann::json::parse(line);
    SCOPED_TRACE(row["model"].get<std::string>() + " " + row["changes"].dump());
    const auto ids = row["ids"].get<std::vector<Token>>();
    const auto want = row["logp"].get<std::vector<double>>();
    test::Pieces p(*test::must(GgufFile::open(test::tiny_path(row["model"]))));
    const auto plain = test::log_probs(p.bytes(), ids, engine);
    for (const auto& [key, value] : row["changes"].items()) p.metadata[key] = test::value_of(value);
    const auto got = test::log_probs(p.bytes(), ids, engine);
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

TEST(Variants, LogProbabilitiesAsLlamaCppHasThem) {
  for (const EngineKind& engine : engines()) compare(engine);
}

}  // namespace
}  // namespace ponder
