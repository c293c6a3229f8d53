// Mixtures of experts, on every engine: log-probabilities and gradients compared with transformers'
// (tests/data/tiny/*/cases.jsonl, made by tools/make_expert_cases.py), and the same bits in every
// form of the weights. That rows do not depend on one another: invariance_test.cc.
#include <cmath>

#include "jsonl.h"
#include "models.h"
#include "pieces.h"
#include "ponder/density/gradient.h"
#include "relative.h"

namespace ponder {
namespace {

using test::must;

// A reply of all tokens but the first.
ReplyGradient gradient_of(const std::string& bytes, const std::vector<Token>& ids,
                          const EngineKind& engine, const ModelOptions& options) {
  const auto file = must(
      GgufFile::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "experts"));
  const auto d = test::density(must(load_with(engine, file, must(read_config(*file)), options)));
  const SoftReply reply{.parent = must(d->add_context(std::span(ids).first(1))),
                        .candidates = std::span(ids).subspan(1)};
  std::vector<ReplyGradient> g;
  EXPECT_TRUE(d->value_and_grad({&reply, 1}, {}, {}, g).ok());
  return g.at(0);
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

class Experts : public testing::TestWithParam<test::OnEngine> {};

TEST_P(Experts, AgreeWithTransformers) {
  const auto rows = test::read_jsonl("tiny/" + std::string(GetParam().model) + "/cases.jsonl");
  EXPECT_GE(rows.size(), 1u);
  for (const nlohmann::json& row : rows) {
    SCOPED_TRACE(row["changes"].dump());
    test::Pieces p(*must(GgufFile::open(GetParam().path())));
    for (const auto& [key, value] : row["changes"].items()) p.metadata[key] = test::value_of(value);
    const std::string bytes = p.bytes();
    const auto ids = row["ids"].get<std::vector<Token>>();
    const auto run = [&](Precision precision, WeightForm form) {
      return gradient_of(bytes, ids, *GetParam().engine,
                         {.precision = precision, .weights = form, .n_threads = 2});
    };
    const ReplyGradient got = run(Precision::kF32, WeightForm::kPacked);
    EXPECT_LT(largest_difference(got.logprobs, row["logp"]), 1e-4);
    auto want = row["gradient"].get<std::vector<double>>();
    // without the first token's
    want.erase(want.begin(), want.end() - static_cast<std::ptrdiff_t>(got.embedding.size()));
    EXPECT_LT(test::relative(got.embedding, want), 1e-3);
    for (const Precision precision : {Precision::kF32, Precision::kBF16}) {
      const ReplyGradient packed = run(precision, WeightForm::kPacked);
      for (const WeightForm form : {WeightForm::kLean, WeightForm::kQuantised}) {
        const ReplyGradient other = run(precision, form);
        EXPECT_EQ(other.logprobs, packed.logprobs) << to_string(form);
        EXPECT_EQ(other.embedding, packed.embedding) << to_string(form);
      }
    }
  }
}

// With a router of zeros all scores are equal: rows use the first experts, and what the others hold
// does not matter.
TEST_P(Experts, OfEqualScoresTheFirstAreUsed) {
  const auto file = must(GgufFile::open(GetParam().path()));
  const Config config = must(read_config(*file));
  const auto n = static_cast<std::size_t>(config.n_experts),
             n_used = static_cast<std::size_t>(config.n_experts_used);
  test::Pieces p(*file);
  for (test::Tensor& t : p.tensors)
    if (t.name.find("ffn_gate_inp") != std::string::npos)
      std::fill(t.data.begin(), t.data.end(), '\0');
  const std::vector<Token> ids{5, 17, 130, 42, 8, 299, 63, 11};
  const auto without = [&](std::size_t first, std::size_t how_many) {
    test::Pieces q = p;
    for (test::Tensor& t : q.tensors)
      if (t.name.find("_exps.weight") != std::string::npos) {
        const std::size_t size = t.data.size() / t.shape[2];
        std::fill_n(t.data.begin() + static_cast<std::ptrdiff_t>(first * size), how_many * size,
                    '\0');
      }
    return test::log_probs(q.bytes(), ids, *GetParam().engine);
  };
  const auto all = without(0, 0);
  EXPECT_EQ(without(n_used, n - n_used), all);
  for (std::size_t e = 0; e < n_used; ++e) EXPECT_NE(without(e, 1), all) << e;
}

TEST_P(Experts, AreCountedAsMemory) {
  const auto file = must(GgufFile::open(GetParam().path()));
  const auto bytes = [&](WeightForm form) {
    return must(Model::describe(*file, {.precision = Precision::kF32, .weights = form}))
        .weight_bytes;
  };
  std::int64_t n = 0;  // values of the matrices within layers
  for (const GgufTensor& t : file->tensors())
    if (t.name.starts_with("blk.") && t.name.ends_with(".weight") && t.shape.size() > 1)
      n += t.n_values;
  EXPECT_GT(bytes(WeightForm::kPacked), 4 * n);
  EXPECT_LT(bytes(WeightForm::kLean), bytes(WeightForm::kPacked));
}

INSTANTIATE_TEST_SUITE_P(Tiny, Experts,
                         testing::ValuesIn(test::on_engines({"qwen3moe", "gpt-oss"})),
                         test::suite_name);

}  // namespace
}  // namespace ponder
