// The steps of a tokenizer around its merges, compared with Hugging Face's tokenizers on made-up
// vocabularies: added tokens that overlap or strip, normal form C, byte fallback
// (tests/data/tokenizer/added.jsonl, made by tools/make_added_token_cases.py). Also its time on
// long texts.
#include "text/added_tokens.h"

#include <gtest/gtest.h>

#include <chrono>

#include "jsonl.h"
#include "ponder/model/tokenizer.h"
#include "text/nfc.h"
#include "vocabulary.h"

namespace ponder {
namespace {

using nlohmann::json;
using test::gguf_of;
using test::Vocabulary;

std::vector<json> cases() { return test::read_jsonl("tokenizer/added.jsonl"); }

TEST(AddedTokens, IdsAsHuggingFacesTokenizersGiveThem) {
  int n = 0;
  for (const json& c : cases()) {
    const json& v = c["vocabulary"];
    const Vocabulary t(gguf_of(v));
    for (const json& row : c["rows"]) {
      const auto text = row["text"].get<std::string>();
      SCOPED_TRACE(v["model"].dump() + v.value("pre", "") + v.value("name", "") + " " +
                   row["text"].dump());
      EXPECT_EQ(t->encode(text), row["ids"].get<std::vector<Token>>());
      EXPECT_EQ(t->encode(text, {.parse_special = false}),
                row["ids_plain"].get<std::vector<Token>>());
      ++n;
    }
  }
  EXPECT_GT(n, 700);
}

TEST(AddedTokens, OfTwoThatOverlapTheLeftmostAndALiteralRangeLetsAShorterOneStand) {
  const Vocabulary t(gguf_of(cases()[0]["vocabulary"]));
  const auto pieces = [&](const std::string& text, std::span<const ByteRange> literal = {}) {
    std::vector<std::string> out;
    for (Token v : t->encode(text, {.literal = literal})) out.push_back(t->piece(v));
    return out;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(pieces("<|a|><|b|>"), Texts{"<|a|><|b|>"});
  EXPECT_EQ(pieces("abcd"), (Texts{"ab", "c", "d"}));
  const ByteRange second{5, 10};
  EXPECT_EQ(pieces("<|a|><|b|>", {&second, 1}).front(), "<|a|>");
}

TEST(Nfc, BytesThatAreNoTextStayAndManyMarksTakeNoQuadraticTime) {
  EXPECT_EQ(to_nfc("e\u0301\xff\u0301 A\u030a"), "\u00e9\xff\u0301 \u00c5");
  EXPECT_TRUE(surely_nfc("plain \u00e9\u02ff"));
  EXPECT_FALSE(surely_nfc("e\u0301"));
  std::string marks = "e";
  for (int i = 0; i < 200000; ++i)
    marks += i % 2 ? "\u0323" : "\u0301";  // classes 220 and 230, each out of order
  const auto start = std::chrono::steady_clock::now();
  // e and one mark below it become one letter of 3 bytes
  EXPECT_EQ(to_nfc(marks).size(), marks.size());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(AddedTokens, LongWordsTakeNoQuadraticTime) {
  for (const json& c : cases()) {
    const Vocabulary t(gguf_of(c["vocabulary"]));
    for (const std::string unit : {"a", "the", "<", "<|a", "\n", " ", "e\u0301", "\xff", "<|a|>"}) {
      std::string text;
      while (text.size() < 300000) text += unit;
      const auto start = std::chrono::steady_clock::now();
      EXPECT_FALSE(t->encode(text).empty());
      EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << unit;
    }
  }
}

}  // namespace
}  // namespace ponder
