// Token ids compared with references on which llama.cpp and Hugging Face agree.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ponder/model/tokenizer.h"

namespace ponder {
namespace {

using nlohmann::json;

std::shared_ptr<const Tokenizer> load(const std::string& path) {
  auto file = GgufFile::open(path);
  EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.error().message());
  auto t = Tokenizer::from_gguf(*file);
  EXPECT_TRUE(t.ok()) << (t.ok() ? "" : t.error().message());
  return *t;
}
std::string data(const std::string& name) {
  return std::string(PONDER_SOURCE_DIR) + "/tests/data/" + name;
}
std::string cached(const std::string& name) {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  return (cache && *cache ? std::string(cache) : std::string(home ? home : "") + "/.cache") +
         "/ponder/" + name;
}
std::string hex(const std::string& s) {
  std::string h;
  for (unsigned char c : s) {
    h += "0123456789abcdef"[c >> 4];
    h += "0123456789abcdef"[c & 15];
  }
  return h;
}

void check_encoding(const Tokenizer& t, const std::string& file) {
  std::ifstream in(file);
  int n = 0;
  for (std::string line; std::getline(in, line); ++n) {
    const json row = json::parse(line);
    const auto text = row["text"].get<std::string>();
    EXPECT_EQ(t.encode(text), row["ids"].get<std::vector<Token>>()) << file << " row " << n;
    if (row.contains("ids_plain")) {
      EXPECT_EQ(t.encode(text, {.parse_special = false}),
                row["ids_plain"].get<std::vector<Token>>())
          << file << " row " << n << " plain";
    }
  }
  EXPECT_GT(n, 5) << file;
}
void check_decoding(const Tokenizer& t, const std::string& file) {
  std::ifstream in(file);
  int n = 0;
  for (std::string line; std::getline(in, line); ++n) {
    const json row = json::parse(line);
    const auto ids = row["ids"].get<std::vector<Token>>();
    EXPECT_EQ(hex(t.decode(ids)), row["bytes_hex"].get<std::string>()) << file << " row " << n;
    EXPECT_EQ(hex(t.decode(ids, false)), row["bytes_no_special_hex"].get<std::string>())
        << file << " row " << n;
  }
  EXPECT_GT(n, 5) << file;
}

TEST(TokenizerGolden, TinyModels) {
  for (const char* name : {"llama-tied", "qwen2", "gemma3", "gpt2"})
    check_encoding(*load(data("tiny/" + std::string(name) + "/model.gguf")),
                   data("tiny/" + std::string(name) + "/tokenizer.jsonl"));
}
TEST(TokenizerGolden, SmolLM2) {
  const std::string path = cached("SmolLM2-135M-Instruct.Q4_1.gguf");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the model has not been fetched";
  const auto t = load(path);
  check_encoding(*t, data("tokenizer/smollm2.jsonl"));
  check_decoding(*t, data("tokenizer/smollm2_detok.jsonl"));
  EXPECT_EQ(t->end_tokens(), (std::vector<Token>{0, 2, 4}));
  EXPECT_EQ(t->end_of_turn(), 2);
  EXPECT_FALSE(t->adds_bos());
}
TEST(TokenizerGolden, Gemma3) {
  const std::string path = cached("gemma-3-270m-q4_k_m.gguf");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the model has not been fetched";
  const auto t = load(path);
  check_encoding(*t, data("tokenizer/gemma3.jsonl"));
  check_decoding(*t, data("tokenizer/gemma3_detok.jsonl"));
  EXPECT_EQ(t->end_of_turn(), 106);
  EXPECT_TRUE(t->adds_bos());
}

}  // namespace
}  // namespace ponder
