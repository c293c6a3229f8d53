// All layers together on the toy model: template, tokenizer, forward pass, decoder and best-first
// search against tests/data/toy/ponder-toy.jsonl, which tools/train_tiny.py computed with its own
// forward pass and search.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "jsonl.h"
#include "ponder/model/chat.h"
#include "ponder/model/model.h"
#include "ponder/search/decode.h"
#include "ponder/search/search.h"

namespace ponder {
namespace {

constexpr int kHorizon = 24;     // of the reference, tools/train_tiny.py
constexpr double kClose = 1e-3;  // nats a reply, between f32 here and f64 in the reference

template <class T>
T must(Result<T> r) {
  if (!r.ok()) throw std::runtime_error(r.error().message());
  return std::move(*r);
}

class Toy : public testing::Test {
 protected:
  void SetUp() override {
    const std::string base = std::string(PONDER_SOURCE_DIR) + "/tests/data/toy/ponder-toy";
    file_ = must(GgufFile::open(base + ".gguf"));
    tokenizer_ = must(Tokenizer::from_gguf(file_));
    ModelOptions options;
    options.precision = Precision::kF32;
    DensityOptions density;
    density.end_tokens = tokenizer_->end_tokens();
    density_ = must(LanguageDensity::make(must(Model::load(file_, options)), density));
    rows_ = test::read_jsonl("toy/ponder-toy.jsonl");
    ASSERT_EQ(rows_.size(), 79u);
  }
  PrefixRef feed(const nlohmann::json& row) {
    return must(density_->add_context(row["prompt_ids"].get<std::vector<Token>>()));
  }
  ReplyLaw law() {
    ReplyLawConfig config;
    config.horizon = kHorizon;
    return must(ReplyLaw::make(config, density_->n_vocab(), density_->end_tokens()));
  }

  std::shared_ptr<const GgufFile> file_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::unique_ptr<LanguageDensity> density_;
  std::vector<nlohmann::json> rows_;
};

TEST_F(Toy, TemplateAndTokenizerGiveThePromptsItWasTrainedOn) {
  const auto chat = must(ChatTemplate::parse(must(file_->get_string("tokenizer.chat_template"))));
  for (const auto& row : rows_) {
    const RenderedPrompt prompt = must(chat->render({{"user", row["prompt"]}}, {}));
    EXPECT_EQ(tokenizer_->encode(prompt.text, {.parse_special = true, .literal = prompt.literal}),
              row["prompt_ids"].get<std::vector<Token>>())
        << row["prompt"];
    EXPECT_EQ(tokenizer_->decode(row["mode_ids"].get<std::vector<Token>>(), false), row["mode"]);
  }
}

TEST_F(Toy, GreedyReplyAndItsLogProbability) {
  for (const auto& row : rows_) {
    const auto replies = must(decode(*density_, feed(row), law(), {}, 1, {}));
    ASSERT_EQ(replies.size(), 1u);
    EXPECT_EQ(replies[0].tokens, row["greedy_ids"].get<std::vector<Token>>()) << row["prompt"];
    EXPECT_NEAR(replies[0].logprob, row["greedy_logprob"].get<double>(), kClose) << row["prompt"];
    EXPECT_TRUE(replies[0].ended);
  }
}

TEST_F(Toy, BestFirstProvesTheMode) {
  int better = 0;
  for (const auto& row : rows_) {
    const auto found = must(best_first(*density_, feed(row), law(), {}, {}, {}));
    ASSERT_FALSE(found.replies.empty()) << row["prompt"];
    EXPECT_EQ(found.certificate.status, Certificate::Status::kOptimal) << row["prompt"];
    EXPECT_EQ(found.replies[0].tokens, row["mode_ids"].get<std::vector<Token>>()) << row["prompt"];
    EXPECT_NEAR(found.replies[0].logprob, row["mode_logprob"].get<double>(), kClose)
        << row["prompt"];
    better += row["greedy_ids"] != row["mode_ids"];
  }
  EXPECT_EQ(better, 43);  // the toy is made such that the greedy reply is often not the mode
}

}  // namespace
}  // namespace ponder
