// Every tensor type as the weights of a whole model: a tiny llama, widened to rows of 256 values,
// whose matrices are recorded blocks of the type (tests/data/quants), and the same model with the
// values of these blocks in F32. The log-probabilities are the same bits in every form of the
// weights. Not the values themselves: tests/unit/gguf/dequant_test.cc compares those with ggml's.
#include <algorithm>
#include <cmath>

#include "models.h"
#include "pieces.h"
#include "quants.h"

namespace ponder {
namespace {

constexpr std::uint64_t kWidth = 256;

// The recorded blocks of a type, again and again.
class Blocks {
 public:
  explicit Blocks(const nlohmann::json& row)
      : type_(static_cast<TensorType>(row["ggml_type_id"].get<int>())),
        bytes_(test::read_quants(row["type"].get<std::string>() + ".bin")) {
    // the first blocks are the edge cases of scales
    at_ = kEdges * row_bytes();
  }
  std::string take(std::uint64_t n_values) {
    std::string s;
    for (std::uint64_t n = 0; n < n_values; n += kWidth, at_ += row_bytes()) {
      if (at_ + row_bytes() > bytes_.size()) at_ = kEdges * row_bytes();
      s += bytes_.substr(at_, row_bytes());
    }
    return s;
  }
  std::string values(const std::string& blocks, std::uint64_t n) const {
    std::string s(n * 4, '\0');
    std::vector<float> v(n);
    dequantize(type_, reinterpret_cast<const std::byte*>(blocks.data()),
               static_cast<std::int64_t>(n), v.data());
    std::memcpy(s.data(), v.data(), s.size());
    return s;
  }

 private:
  static constexpr std::size_t kEdges = 4;  // rows
  std::size_t row_bytes() const {
    const TensorTypeInfo& info = *tensor_type_info(type_);
    return kWidth / static_cast<std::size_t>(info.block_values) *
           static_cast<std::size_t>(info.block_bytes);
  }
  TensorType type_;
  std::string bytes_;
  std::size_t at_ = 0;
};

std::string constant(float v) {
  std::string s;
  for (std::uint64_t i = 0; i < kWidth; ++i) s += test::raw(v);
  return s;
}

struct Twins {
  std::string quantised, plain;  // bytes of two files
};

double rms(const std::string& floats) {
  double sum = 0;
  for (std::size_t i = 0; i < floats.size(); i += 4) {
    float v;
    std::memcpy(&v, floats.data() + i, 4);
    sum += double{v} * v;
  }
  return std::sqrt(sum * 4 / static_cast<double>(floats.size()));
}

Twins models_of(const nlohmann::json& row) {
  test::Pieces a(*test::must(GgufFile::open(test::tiny_path("llama-tied"))));
  for (const auto& [key, n] : {std::pair{"embedding_length", 256},
                               {"feed_forward_length", 256},
                               {"attention.head_count", 16},
                               {"attention.head_count_kv", 8}})
    a.metadata[std::string("llama.") + key] = {11, test::raw<std::int64_t>(n)};
  test::Pieces b = a;
  Blocks blocks(row);
  float norm = 1;  // of the first matrix's inputs, so that its outputs are about 1
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    test::Tensor &quantised = a.tensors[i], &plain = b.tensors[i];
    quantised.shape[0] = kWidth;
    if (quantised.shape.size() == 2) {
      const bool kv = quantised.shape[1] == 32, vocab = quantised.shape[1] == 300;
      if (!vocab) quantised.shape[1] = kv ? kWidth / 2 : kWidth;
      const std::uint64_t n = kWidth * quantised.shape[1];
      quantised.data = blocks.take(n);
      quantised.type = row["ggml_type_id"];
      plain.data = blocks.values(quantised.data, n);
      if (vocab) norm = static_cast<float>(1 / (16 * rms(plain.data)));
    } else {
      quantised.data = plain.data = constant(norm);
    }
    plain.shape = quantised.shape;
  }
  return {a.bytes(), b.bytes()};
}

// A tiny mixture of experts, 256 wide inside, whose last matrices are of the type.
Twins mixtures_of(const nlohmann::json& row) {
  test::Pieces a(*test::must(GgufFile::open(test::tiny_path("qwen3moe"))));
  a.metadata["qwen3moe.expert_feed_forward_length"] = {11, test::raw<std::int64_t>(kWidth)};
  test::Pieces b = a;
  Blocks blocks(row);
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    test::Tensor &quantised = a.tensors[i], &plain = b.tensors[i];
    if (quantised.name.find("_exps.weight") == std::string::npos) continue;
    if (quantised.name.find("down") != std::string::npos) {
      quantised.shape[0] = kWidth;
      const std::uint64_t n = kWidth * quantised.shape[1] * quantised.shape[2];
      quantised.data = blocks.take(n);
      quantised.type = row["ggml_type_id"];
      plain.data = blocks.values(quantised.data, n);
      plain.type = static_cast<std::uint32_t>(TensorType::kF32);
    } else {
      const std::string once = quantised.data;
      const std::size_t n = once.size() / quantised.shape[1] * kWidth;
      while (quantised.data.size() < n) quantised.data += once;
      quantised.data.resize(n);
      quantised.shape[1] = kWidth;
      plain.data = quantised.data;
    }
    plain.shape = quantised.shape;
  }
  return {a.bytes(), b.bytes()};
}

std::vector<double> log_probs(const std::string& bytes, const ModelOptions& options, bool steps) {
  const std::vector<Token> ids{5, 77, 12, 260, 31, 9, 118, 44};
  const auto file = test::must(
      GgufFile::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "twin"));
  const auto d = test::density(test::must(Model::load(file, options)));
  PrefixRef at = test::must(d->add_context(std::span(ids).first(1)));
  std::vector<double> lp;
  for (std::size_t i = 1; i < ids.size();) {
    const std::size_t n = steps ? 1 : ids.size() - 1;
    Rows rows;
    const Extend e{.parent = at, .tokens = std::span(ids).subspan(i, n), .rows = RowSet::kTargets};
    EXPECT_TRUE(d->extend({&e, 1}, rows).ok());
    for (const Row& r : rows.rows) lp.push_back(r.logprob);
    at = std::move(rows.end[0]);
    i += n;
  }
  return lp;
}

void expect_twins(Twins (*twins_of)(const nlohmann::json&), const std::vector<std::string>& types) {
  for (const auto& row : test::quants_index()) {
    const std::string name = row["type"];
    if (name == "F16" || name == "BF16") continue;  // their edge cases are not in the first blocks
    if (!types.empty() && std::find(types.begin(), types.end(), name) == types.end()) continue;
    const Twins m = twins_of(row);
    for (const Precision precision : {Precision::kF32, Precision::kBF16}) {
      const auto want = log_probs(m.plain, {.precision = precision}, false);
      double spread = 0;
      for (const double lp : want) {
        ASSERT_TRUE(std::isfinite(lp)) << name;
        spread = std::max(spread, std::abs(lp - want[0]));
      }
      EXPECT_GT(spread, 0.01) << name;
      for (const WeightForm form : {WeightForm::kPacked, WeightForm::kLean, WeightForm::kQuantised})
        for (const bool steps : {false, true})
          EXPECT_EQ(log_probs(m.quantised, {.precision = precision, .weights = form}, steps), want)
              << name << " " << to_string(form);
    }
  }
}

TEST(TensorTypes, AModelOfEachIsThatOfItsValues) { expect_twins(models_of, {}); }
TEST(TensorTypes, ExpertsOfEachAreThoseOfTheirValues) {
  expect_twins(mixtures_of, {"Q4_K", "Q6_K", "Q5_0", "IQ2_S", "MXFP4"});
}

}  // namespace
}  // namespace ponder
