// Unigram vocabularies ("t5"): ids as SentencePiece gives them (tests/data/tokenizer/unigram.jsonl,
// made by tools/make_unigram_cases.py), damaged character maps, time on long texts.
#include "text/unigram.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <random>

#include "jsonl.h"
#include "text/charsmap.h"
#include "vocabulary.h"

namespace ponder {
namespace {

using nlohmann::json;
using test::gguf_of;
using test::Vocabulary;

std::vector<json> unigram_cases() { return test::read_jsonl("tokenizer/unigram.jsonl"); }

std::string bytes_of(const json& items) {
  std::string s;
  for (const json& x : items) s += static_cast<char>(x.get<int>());
  return s;
}

// A few tokens, each with its type; scores as given.
json vocabulary(const std::vector<std::tuple<std::string, int, float>>& tokens) {
  json v{{"model", "t5"}, {"add_space_prefix", false}};
  for (const auto& [text, type, score] : tokens) {
    v["tokens"].push_back(text);
    v["token_type"].push_back(type);
    v["scores"].push_back(score);
  }
  return v;
}

Error error_of(const json& v) {
  const std::string bytes = gguf_of(v);
  const auto file =
      GgufFile::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "test");
  EXPECT_TRUE(file.ok());
  const auto t = Tokenizer::from_gguf(*file);
  EXPECT_FALSE(t.ok());
  return t.ok() ? Error{} : t.error();
}

TEST(Unigram, IdsAndTextsOfSentencePiece) {
  int n = 0, n_decoded = 0;
  for (const json& c : unigram_cases()) {
    const json& v = c["vocabulary"];
    const Vocabulary t(gguf_of(v));
    EXPECT_EQ(t->model_name(), "t5");
    for (const json& row : c["rows"]) {
      const std::string text = row.contains("text") ? row["text"] : json(bytes_of(row["bytes"]));
      const auto ids = row["ids"].get<std::vector<Token>>();
      SCOPED_TRACE(v["add_space_prefix"].dump() + v["remove_extra_whitespaces"].dump() +
                   (row.contains("text") ? row["text"] : row["bytes"]).dump());
      EXPECT_EQ(t->encode(text), ids);
      ++n;
      const auto unknown = [&](Token id) { return t->kind(id) == TokenKind::kUnknown; };
      if (std::any_of(ids.begin(), ids.end(), unknown)) continue;
      EXPECT_EQ(t->decode(ids), row["decoded"].get<std::string>());
      ++n_decoded;
    }
  }
  EXPECT_GT(n, 1100);
  EXPECT_GT(n_decoded, 500);
}

TEST(Unigram, TheGreatestSumOfScoresIsTaken) {
  const Vocabulary t(gguf_of(vocabulary({{"<pad>", 3, 0},
                                         {"</s>", 3, 0},
                                         {"<unk>", 2, 0},
                                         {"a", 1, -3},
                                         {"b", 1, -3},
                                         {"c", 1, -1},
                                         {"ab", 1, -4},
                                         {"bc", 1, -1.5f},
                                         {"abc", 5, -0.5f},  // unused
                                         {"▁", 1, -2},
                                         {"a▁b", 4, -20}})));  // a user's token, found at any score
  EXPECT_EQ(t->encode("ab"), std::vector<Token>{6});
  EXPECT_EQ(t->encode("abc"), (std::vector<Token>{3, 7}));
  EXPECT_EQ(t->encode("c xyz c"), (std::vector<Token>{5, 9, 2, 9, 5}));
  EXPECT_EQ(t->encode("  c  "), std::vector<Token>{5});
  EXPECT_EQ(t->encode("a b"), std::vector<Token>{10});
}

TEST(Unigram, SpacesMayStayAsTheyAre) {
  json v =
      vocabulary({{"<pad>", 3, 0}, {"</s>", 3, 0}, {"<unk>", 2, 0}, {" ", 1, -1}, {"a", 1, -1}});
  v["escape_whitespaces"] = false;
  EXPECT_EQ(Vocabulary(gguf_of(v))->encode("a a"), (std::vector<Token>{4, 3, 4}));
  v["treat_whitespace_as_suffix"] = true;
  EXPECT_EQ(error_of(v).code, Code::kUnsupported);
}

TEST(Unigram, NoScoresIsAnError) {
  json v = vocabulary({{"<pad>", 3, 0}, {"</s>", 3, 0}, {"<unk>", 2, 0}});
  v.erase("scores");
  EXPECT_NE(error_of(v).where.find("tokenizer.ggml.scores"), std::string::npos);
}

TEST(Unigram, LongTextsTakeTimeInProportion) {
  for (const json& c : unigram_cases()) {
    const Vocabulary t(gguf_of(c["vocabulary"]));
    for (const std::string unit : {"a", "ha", " ", "\xff", "e\u0301", "ｱ", "<sep>", "😀"}) {
      std::string text;
      while (text.size() < 300000) text += unit;
      const auto start = std::chrono::steady_clock::now();
      (void)t->encode(text);
      EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << unit;
    }
  }
}

TEST(CharsMap, ReplacesTheLongestBeginning) {
  const auto map =
      CharsMap::parse(bytes_of(unigram_cases()[0]["vocabulary"]["precompiled_charsmap"]), "t");
  ASSERT_TRUE(map.ok());
  const auto longest = [&](std::string_view text) { return map->longest(text); };
  EXPECT_EQ(longest("e\u0301x").by, "é");
  EXPECT_EQ(longest("e\u0301x").size, 3u);
  EXPECT_EQ(longest("ＡＢ").by, "A");
  EXPECT_EQ(longest("ﾊ").by, "ハ");
  EXPECT_EQ(longest("ﾊﾞ").by, "バ");      // two characters
  EXPECT_EQ(longest("\u0001").size, 1u);  // replaced by nothing
  EXPECT_EQ(longest("\u0001").by, "");
  EXPECT_EQ(longest("plain").size, 0u);
  EXPECT_EQ(longest("").size, 0u);
}

TEST(CharsMap, DamagedOnesAreErrorsOrStayInside) {
  const std::string whole = bytes_of(unigram_cases()[0]["vocabulary"]["precompiled_charsmap"]);
  const auto parse = [](const std::string& s) { return CharsMap::parse(s, "here"); };
  EXPECT_EQ(parse(whole.substr(0, 4)).error().where, "here");
  for (const std::uint32_t size : {0u, 1023u, static_cast<std::uint32_t>(whole.size()), ~0u}) {
    std::string s = whole;
    std::memcpy(s.data(), &size, 4);
    EXPECT_FALSE(parse(s).ok()) << size;
  }
  EXPECT_FALSE(parse(whole + "x").ok());                            // the last text has no end
  EXPECT_FALSE(parse(whole.substr(0, whole.size() / 4 * 3)).ok());  // values beyond the texts
  std::string root = whole;
  std::memset(root.data() + 4, 0xff, 4);
  EXPECT_FALSE(parse(root).ok());
  std::mt19937 rng(1);
  int n_read = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string s = whole;
    for (int k = 0; k < 2; ++k) s[4 + rng() % 3072] = static_cast<char>(rng());
    const auto map = parse(s);
    if (!map.ok()) continue;
    ++n_read;
    for (int b = 0; b < 256; ++b) {
      const std::string text = std::string(1, static_cast<char>(b)) + "\xcc\x81\xef\xbc\xa1";
      const auto found = map->longest(text);
      EXPECT_LE(found.size, text.size());
    }
  }
  EXPECT_GT(n_read, 100);
  EXPECT_LT(n_read, 3000);
}

TEST(CharsMap, OneThatGoesRoundInACircleTakesNoQuadraticTime) {
  std::vector<std::uint32_t> units(257);
  units[0] = 256 * 4;                // bytes of the array
  units[1 + 'a'] = 'a' << 10 | 'a';  // after a comes a
  std::string bytes(units.size() * 4 + 1, '\0');
  std::memcpy(bytes.data(), units.data(), units.size() * 4);
  json v = vocabulary({{"<pad>", 3, 0}, {"</s>", 3, 0}, {"<unk>", 2, 0}, {"a", 1, -1}});
  for (const char c : bytes) v["precompiled_charsmap"].push_back(static_cast<unsigned char>(c));
  const Vocabulary t(gguf_of(v));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(t->encode(std::string(300000, 'a')).size(), 300000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(CharsMap, ADamagedOneIsAnErrorOfTheFile) {
  json v = unigram_cases()[0]["vocabulary"];
  v["precompiled_charsmap"].push_back(7);
  EXPECT_NE(error_of(v).where.find("tokenizer.ggml.precompiled_charsmap"), std::string::npos);
}

}  // namespace
}  // namespace ponder
