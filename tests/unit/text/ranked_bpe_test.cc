// Pieces in SentencePiece's spelling that merge in the order of a list ("gemma4"), compared with
// Hugging Face's tokenizers on a small vocabulary (tests/data/tokenizer/ranked.jsonl, made by
// tools/make_ranked_bpe_cases.py).
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "gguf/bytes.h"
#include "vocabulary.h"

namespace ponder {
namespace {

using test::key;
using test::raw;
using test::str;

std::string strings(const nlohmann::json& items) {
  std::string s = raw<std::uint32_t>(8) + raw<std::uint64_t>(items.size());
  for (const auto& x : items) s += str(x.get<std::string>());
  return s;
}

// A file with the vocabulary of the first line.
test::GgufBytes file_of(const nlohmann::json& v) {
  std::string types = raw<std::uint32_t>(5) + raw<std::uint64_t>(v["types"].size());
  for (const auto& x : v["types"]) types += raw(x.get<std::int32_t>());
  test::GgufBytes g;
  g.add_key(key("tokenizer.ggml.model", 8, str("gemma4")));
  g.add_key(key("tokenizer.ggml.tokens", 9, strings(v["tokens"])));
  g.add_key(key("tokenizer.ggml.token_type", 9, types));
  g.add_key(key("tokenizer.ggml.bos_token_id", 4, raw<std::uint32_t>(2)));
  return g;
}

TEST(RankedBpe, IdsOfHuggingFacesTokenizers) {
  std::ifstream in(std::string(PONDER_SOURCE_DIR) + "/tests/data/tokenizer/ranked.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(in, line));
  const auto vocabulary = nlohmann::json::parse(line);
  const test::Vocabulary t(
      file_of(vocabulary)
          .add_key(key("tokenizer.ggml.merges", 9, strings(vocabulary["merges"])))
          .bytes());
  EXPECT_EQ(t->model_name(), "gemma4");
  EXPECT_FALSE(t->adds_bos());
  int n = 0;
  for (; std::getline(in, line); ++n) {
    const auto row = nlohmann::json::parse(line);
    const std::string text = row["text"];
    const auto ids = row["ids"].get<std::vector<Token>>();
    EXPECT_EQ(t->encode(text), ids) << text;
    if (text.find("▁") == std::string::npos) {
      EXPECT_EQ(t->decode(ids), text);
    }
  }
  EXPECT_GT(n, 150);
}

TEST(RankedBpe, WithoutMergesIsAnError) {
  const std::string bytes = file_of({{"tokens", {"a", "b", "c"}}, {"types", {1, 1, 1}}}).bytes();
  const auto file =
      GgufFile::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "test");
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(Tokenizer::check_kind(**file).ok());
  const auto t = Tokenizer::from_gguf(*file);
  ASSERT_FALSE(t.ok());
  EXPECT_NE(t.error().where.find("tokenizer.ggml.merges"), std::string::npos);
}

}  // namespace
}  // namespace ponder
