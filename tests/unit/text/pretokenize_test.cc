// The cuts of every pre-tokenizer family compared with Hugging Face's tokenizers with the published
// expressions (tests/data/tokenizer/pieces.jsonl, made by tools/make_pretokenizer_cases.py); long
// runs, and bytes that are no UTF-8.
#include "text/pretokenize.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace ponder {
namespace {

std::vector<std::string> split(const std::string& family, const std::string& text) {
  const auto p = PreTokenizer::make(family);
  EXPECT_TRUE(p.ok());
  const auto views = (*p)->split(text);
  return {views.begin(), views.end()};
}

TEST(PreTokenizer, CutsAsThePublishedExpressionsDo) {
  std::ifstream in(std::string(PONDER_SOURCE_DIR) + "/tests/data/tokenizer/pieces.jsonl");
  int n = 0;
  for (std::string line; std::getline(in, line); ++n) {
    const auto row = nlohmann::json::parse(line);
    for (const auto& [family, pieces] : row["pieces"].items())
      EXPECT_EQ(split(family, row["text"]), pieces.get<std::vector<std::string>>())
          << family << " " << row["text"];
  }
  EXPECT_GT(n, 600);
}

TEST(PreTokenizer, LongRunsAreCutAsShortOnes) {
  const std::size_t n = 1 << 20;
  for (const char* family : {"gpt-2", "smollm", "qwen2", "llama-bpe", "gpt-4o", "tekken", "qwen35",
                             "deepseek-v3", "default"}) {
    const auto spaces = split(family, std::string(n, ' ') + "x");
    ASSERT_EQ(spaces.size(), 2u) << family;
    EXPECT_EQ(spaces[1], " x") << family;
    EXPECT_EQ(split(family, std::string(n, 'a')).size(), 1u) << family;
    EXPECT_EQ(split(family, std::string(n, 'A')).size(), 1u) << family;
    EXPECT_EQ(split(family, std::string(n, '=')).size(), 1u) << family;
  }
}

TEST(PreTokenizer, AnyBytesComeBackWhole) {
  for (const std::string text :
       {"\xff", "a\xc3", "\xed\xa0\x80 b", "\xf4\x90\x80\x80", "x\x80y \xe2\x82", "\xc0\x80"}) {
    for (const char* family : {"gpt-2", "qwen2", "default"}) {
      std::string all;
      for (const std::string& p : split(family, text)) all += p;
      EXPECT_EQ(all, text);
    }
  }
}

TEST(PreTokenizer, NamesAndTheErrorForOthers) {
  const std::string text = "It's 12345 Ab/cd\n\n  e\u0301X 1";
  for (const auto& [alias, family] : {std::pair{"gpt2", "gpt-2"},
                                      {"granite-docling", "gpt-2"},
                                      {"refact", "smollm"},
                                      {"starcoder", "smollm"},
                                      {"llama3", "llama-bpe"},
                                      {"dbrx", "llama-bpe"},
                                      {"smaug-bpe", "llama-bpe"},
                                      {"falcon3", "llama-bpe"},
                                      {"deepseek-r1-qwen", "qwen2"},
                                      {"llama4", "gpt-4o"},
                                      {"", "default"}}) {
    ASSERT_TRUE(PreTokenizer::make(alias).ok()) << alias;
    EXPECT_EQ(split(alias, text), split(family, text)) << alias;
  }
  for (const char* name : {"llama-bpe", "tekken", "pixtral", "lfm2"})
    EXPECT_TRUE(PreTokenizer::keeps_whole_words(name)) << name;
  for (const char* name : {"dbrx", "smaug-bpe", "gpt-4o", "qwen35", ""})
    EXPECT_FALSE(PreTokenizer::keeps_whole_words(name)) << name;
  const auto unknown = PreTokenizer::make("klingon");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, Code::kUnsupported);
  EXPECT_NE(unknown.error().expected.find("deepseek-v3"), std::string::npos);
}

}  // namespace
}  // namespace ponder
