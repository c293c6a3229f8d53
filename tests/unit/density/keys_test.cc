// Files with more or fewer keys than the tiny models have: rotary keys compared with transformers'
// formulas (tests/data/tiny/rope.jsonl, made by tools/make_rope_cases.py), keys and tensors that
// are never read, an embedding with more rows than there are tokens.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "models.h"
#include "pieces.h"
#include "ponder/model/tokenizer.h"

namespace ponder {
namespace {

using nlohmann::json;
using test::Pieces;

Pieces pieces(const std::string& model) {
  return Pieces(*test::must(GgufFile::open(test::tiny_path(model))));
}

// Makes a file of bytes, which must outlive it.
std::shared_ptr<const GgufFile> file_of(const std::string& bytes) {
  return test::must(GgufFile::parse(
      {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "changed.gguf"));
}

TEST(Keys, RotaryFrequenciesAsTransformersHasThem) {
  std::ifstream in(std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/rope.jsonl");
  int n = 0;
  for (std::string line; std::getline(in, line); ++n) {
    const json row = json::parse(line);
    SCOPED_TRACE(row["changes"].dump());
    Pieces p = pieces("llama-tied");
    for (const auto& [k, v] : row["changes"].items()) p.metadata[k] = test::value_of(v);
    if (row.contains("rope_freqs")) {
      test::Tensor t{"rope_freqs.weight", {row["rope_freqs"].size()}, 0, ""};
      for (const json& x : row["rope_freqs"]) t.data += test::raw(x.get<float>());
      p.tensors.push_back(t);
    }
    const std::string bytes = p.bytes();
    const Config c = test::must(read_config(*file_of(bytes)));
    ASSERT_EQ(c.rope_global.inverse.size(), row["inverse"].size());
    for (std::size_t i = 0; i < c.rope_global.inverse.size(); ++i) {
      const auto want = row["inverse"][i].get<double>();
      EXPECT_NEAR(c.rope_global.inverse[i], want, 1e-5 * want) << i;
    }
    EXPECT_NEAR(c.rope_global.scale, row["scale"].get<double>(), 1e-6);
  }
  EXPECT_GE(n, 18);
}

struct KeyCase {
  const char* model;
  const char* key;
  json value;
  const char* refusal;  // a part of the message; "": the key has no effect
};

// The functions behind `ponder info` and loading agree.
void check(const KeyCase& c) {
  SCOPED_TRACE(std::string(c.key) + " = " + c.value.dump());
  Pieces p = pieces(c.model);
  p.metadata[c.key] = test::value_of(c.value);
  const std::string bytes = p.bytes();
  const auto file = file_of(bytes);
  const auto described = Model::describe(*file);
  const auto loaded = Model::load(file, {.precision = Precision::kF32, .n_threads = 1});
  ASSERT_EQ(described.ok(), loaded.ok());
  if (!*c.refusal) {
    EXPECT_TRUE(loaded.ok()) << loaded.error().message();
    return;
  }
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().message().find(c.refusal), std::string::npos)
      << loaded.error().message();
  EXPECT_EQ(loaded.error().message(), described.error().message());
  EXPECT_FALSE(loaded.error().hint.empty());
}

TEST(Keys, WhatWouldChangeTheNumbersIsRefusedByName) {
  for (const KeyCase& c : std::vector<KeyCase>{
           {"llama-tied", "llama.attn_logit_softcapping", 50.0,
            "llama.attn_logit_softcapping = 50"},
           {"llama-tied", "llama.final_logit_softcapping", 30.0, "llama.final_logit_softcapping"},
           {"qwen2", "qwen2.logit_scale", 0.125, "qwen2.logit_scale"},
           {"llama-tied", "llama.residual_scale", 0.22, "llama.residual_scale"},
           {"llama-tied", "llama.embedding_scale", 12.0, "llama.embedding_scale"},
           {"llama-tied", "llama.attention.scale", 0.015625, "llama.attention.scale"},
           {"llama-tied", "llama.attention.clamp_kqv", 8.0, "llama.attention.clamp_kqv"},
           {"llama-tied", "llama.attention.sliding_window", 64,
            "llama.attention.sliding_window = 64"},
           {"llama-tied", "llama.attention.causal", false, "llama.attention.causal"},
           {"qwen3", "qwen3.expert_count", 8, "qwen3.expert_count = 8"},
           {"gemma3", "gemma3.rope.local.freq_base", 1000.0, "gemma3.rope.local.freq_base"},
           {"llama-tied", "llama.something.new", "x", "llama.something.new = 'x'"},
           {"llama-tied", "llama.rope.scaling.type", "longrope", "'longrope'"},
           {"llama-tied", "llama.rope.scaling.type", "su", "'su'"},
           {"llama-tied", "llama.rope.scaling.yarn_ext_factor", 0.5, "yarn_ext_factor"},
           {"llama-tied", "llama.rope.scaling.yarn_log_multiplier", 0.1, "yarn_log_multiplier"},
           {"llama-tied", "llama.rope.scaling.factor", -2.0, "rope.scaling.factor"},
           {"llama-tied", "llama.rope.freq_base", "10000", "a string"},
           {"llama-tied", "llama.rope.dimension_count", 15, "llama.rope.dimension_count"},
           {"llama-tied", "general.architecture", "mamba",
            "gemma2, gemma3, phi3, olmo2, smollm3, granite, gpt2, qwen3moe, gpt-oss, got 'mamba'"},
           {"qwen3moe", "qwen3moe.expert_used_count", 7, "1 to 6 experts"},
           {"qwen3moe", "qwen3moe.expert_used_count", 0, "1 to 6 experts"},
           {"qwen3moe", "qwen3moe.expert_count", 5, "blk.0.ffn_gate_inp.weight"},
           {"qwen3moe", "qwen3moe.expert_feed_forward_length", 40, "a multiple of 16"},
           {"qwen3moe", "qwen3moe.expert_weights_scale", 2.5, "qwen3moe.expert_weights_scale"},
           {"gpt-oss", "gpt-oss.expert_gating_func", 2, "gpt-oss.expert_gating_func"},
       })
    check(c);
}

TEST(Keys, WhatDescribesOrSwitchesOffLoads) {
  for (const KeyCase& c : std::vector<KeyCase>{
           {"llama-tied", "llama.attn_logit_softcapping", 0.0, ""},
           {"llama-tied", "llama.logit_scale", 1.0, ""},
           {"llama-tied", "llama.attention.scale", 0.25,
            ""},  // heads of 16 have this value without the key
           {"llama-tied", "llama.attention.sliding_window", 4096, ""},
           {"llama-tied", "llama.attention.causal", true, ""},
           {"llama-tied", "llama.expert_used_count", 0, ""},
           {"qwen3moe", "qwen3moe.expert_weights_scale", 1.0, ""},
           {"llama-tied", "llama.vocab_size", 7, ""},
           {"llama-tied", "llama.tensor_data_layout", "Meta AI original pth", ""},
           {"llama-tied", "llama.rope.scaling.finetuned", true, ""},
           {"llama-tied", "llama.rope.freq_base_swa", 10000.0, ""},
           {"gpt2", "gpt2.rope.dimension_count", 16, ""},
           {"llama-tied", "qwen2.logit_scale", 0.5, ""},  // of another architecture
           {"llama-tied", "quantize.imatrix.file", "x", ""},
       })
    check(c);
}

Config config_of(const Pieces& p) { return test::must(read_config(*file_of(p.bytes()))); }

// The factors of longer texts would change the numbers of what was read before.
TEST(Keys, LongRopeEndsAtTheOriginalContext) {
  Pieces p = pieces("phi3");
  for (const char* type : {"", "longrope"}) {
    if (*type) p.metadata["phi3.rope.scaling.type"] = test::value_of(json(type));
    const Config c = config_of(p);
    EXPECT_EQ(c.n_ctx, 64);
    EXPECT_TRUE(c.n_ctx_is_limit);
    EXPECT_NEAR(c.rope_global.inverse[5] * 3 / std::pow(1e4, -10. / 12), 1, 1e-6);
  }
  const auto model = test::load(test::tiny_path("phi3"), {.precision = Precision::kF32});
  EXPECT_TRUE(LanguageDensity::make(model, {.n_ctx = 64, .end_tokens = {}}).ok());
  const auto longer = LanguageDensity::make(model, {.n_ctx = 65, .end_tokens = {}});
  ASSERT_FALSE(longer.ok());
  EXPECT_NE(longer.error().message().find("at most 64 tokens"), std::string::npos);
  p.metadata.erase("phi3.rope.scaling.original_context_length");
  const std::string bytes = p.bytes();
  const auto without = read_config(*file_of(bytes));
  ASSERT_FALSE(without.ok());
  EXPECT_NE(without.error().message().find("original_context_length"), std::string::npos);
}

TEST(Keys, Gemma2OfTheLargestSizeScalesScoresByTheWidth) {
  Pieces p = pieces("gemma2");
  for (const char* key : {"gemma2.attention.key_length", "gemma2.attention.value_length"})
    p.metadata[key] = test::value_of(json(32));
  EXPECT_FLOAT_EQ(config_of(p).attention_scale, 1 / std::sqrt(32.f));
  p.metadata["gemma2.block_count"] = test::value_of(json(46));
  EXPECT_FLOAT_EQ(config_of(p).attention_scale, 1 / std::sqrt(64 / 4.f));
}

TEST(Keys, GraniteOfManyConverters) {
  Pieces p = pieces("granite");
  p.metadata["granite.attention.head_count_kv"] =
      test::array(11, std::vector<std::int64_t>{2, 2}, [](std::int64_t n) { return test::raw(n); });
  p.metadata["granite.ssm.conv_kernel"] = test::value_of(json(4));
  EXPECT_EQ(config_of(p).n_kv_heads, 2);
  EXPECT_EQ(config_of(p).rope, Rope::kInterleaved);
  p.metadata["granite.rope.scaling.finetuned"] = test::value_of(json(false));
  EXPECT_EQ(config_of(p).rope, Rope::kNone);
  for (const char* key : {"embedding_scale", "residual_scale", "logit_scale", "attention.scale"})
    p.metadata["granite." + std::string(key)] = test::value_of(json(0.0));
  const Config plain = config_of(p);
  EXPECT_EQ(plain.embed_scale, 1);
  EXPECT_EQ(plain.residual_scale, 1);
  EXPECT_EQ(plain.logit_scale, 1);
  EXPECT_EQ(plain.attention_scale, 0.25);  // heads of 16
  p.metadata["granite.attention.head_count_kv"] =
      test::array(11, std::vector<std::int64_t>{2, 1}, [](std::int64_t n) { return test::raw(n); });
  const std::string bytes = p.bytes();
  const auto mixed = read_config(*file_of(bytes));
  ASSERT_FALSE(mixed.ok());
  EXPECT_NE(mixed.error().message().find("head_count_kv"), std::string::npos);
}

TEST(Keys, TensorsAreCheckedBeforeTheFileIsDescribed) {
  Pieces missing = pieces("llama-tied"), extra = pieces("llama-tied");
  std::erase_if(missing.tensors,
                [](const test::Tensor& t) { return t.name == "blk.1.ffn_up.weight"; });
  extra.tensors.push_back({"rope_factors_long.weight", {8}, 0, std::string(32, '\1')});
  for (const auto& [p, name] :
       {std::pair{missing, "blk.1.ffn_up.weight"}, {extra, "rope_factors_long.weight"}}) {
    const std::string bytes = p.bytes();
    const auto described = Model::describe(*file_of(bytes));
    ASSERT_FALSE(described.ok());
    EXPECT_NE(described.error().message().find(name), std::string::npos)
        << described.error().message();
  }
}

// Rows of the embedding without an entry in the token list take part in the softmax, as in the
// original model.
TEST(Keys, RowsBeyondTheTokenListArePadding) {
  constexpr int kListed = 300, kPadding = 20;
  constexpr Token kCopied = 97;
  Pieces p = pieces("llama-untied");
  const std::vector<Token> ids{5, 97, 260, kCopied, 12, 280, 33};
  const auto plain = test::log_probs(p.bytes(), ids);
  const auto of_copied = [&](const std::string& bytes, std::size_t t, Token v) {
    std::vector<Token> prefix(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(t) + 1);
    prefix.push_back(v);
    return test::log_probs(bytes, prefix).back();
  };
  const std::string before = p.bytes();
  for (test::Tensor& t : p.tensors)
    if (t.name == "token_embd.weight" || t.name == "output.weight") {
      const std::size_t row = t.data.size() / kListed;
      const std::string copied = t.data.substr(kCopied * row, row);
      for (int i = 0; i < kPadding; ++i) t.data += copied;
      t.shape[1] += kPadding;
    }
  const std::string bytes = p.bytes();
  const auto padded = test::log_probs(bytes, ids);
  for (std::size_t t = 0; t < padded.size(); ++t) {
    const double more = std::log1p(kPadding * std::exp(of_copied(before, t, kCopied)));
    EXPECT_NEAR(padded[t], plain[t] - more, 1e-4) << t;
    EXPECT_NEAR(of_copied(bytes, t, kListed), of_copied(bytes, t, kCopied), 1e-5) << t;
  }
  const auto tokenizer = test::must(Tokenizer::from_gguf(file_of(bytes)));
  EXPECT_EQ(tokenizer->n_vocab(), kListed + kPadding);
  EXPECT_EQ(tokenizer->n_listed(), kListed);
  EXPECT_EQ(tokenizer->kind(kListed), TokenKind::kUnused);
  const std::vector<Token> text{kCopied, kListed, kListed + kPadding - 1};
  EXPECT_EQ(tokenizer->decode(text), tokenizer->piece(kCopied) + "[PAD300][PAD319]");
  EXPECT_EQ(tokenizer->decode(text, false), tokenizer->piece(kCopied));
  for (Token v : tokenizer->encode("[PAD300]")) EXPECT_LT(v, kListed);
}

}  // namespace
}  // namespace ponder
