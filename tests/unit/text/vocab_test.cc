// Made-up vocabularies for one question each: which ids end a generation, which tokens text can
// become, which errors bad vocabularies give. The answers are llama.cpp's.
#include <gtest/gtest.h>

#include <algorithm>

#include "gguf/bytes.h"
#include "ponder/model/tokenizer.h"
#include "vocabulary.h"

namespace ponder {
namespace {

using test::key;
using test::raw;
using test::str;
using test::Vocabulary;

using Tokens = std::vector<std::pair<std::string, int>>;  // text, type
using Keys = std::vector<std::pair<std::string, int>>;    // of tokenizer.ggml., whole numbers

std::string u32(int x) { return raw(static_cast<std::uint32_t>(x)); }

// SPM over the 256 bytes and the given tokens: <unk> 0, <s> 1, </s> 2, bytes from 3, then `more`
// from 259.
std::string spm(const Tokens& more, const Keys& keys = {}, bool space_prefix = false) {
  Tokens all{{"<unk>", 2}, {"<s>", 3}, {"</s >", 3}};
  for (int b = 0; b < 256; ++b) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", b);
    all.emplace_back(name, 6);
  }
  all.insert(all.end(), more.begin(), more.end());
  std::string texts, types, scores;
  for (const auto& [text, type] : all) {
    texts += str(text);
    types += u32(type);
    scores += raw(-static_cast<float>(scores.size()));
  }
  const auto array = [&](int type, const std::string& items) {
    return u32(type) + raw<std::uint64_t>(all.size()) + items;
  };
  test::GgufBytes g;
  g.add_key(key("tokenizer.ggml.model", 8, str("llama")));
  g.add_key(key("tokenizer.ggml.tokens", 9, array(8, texts)));
  g.add_key(key("tokenizer.ggml.token_type", 9, array(4, types)));
  g.add_key(key("tokenizer.ggml.scores", 9, array(6, scores)));
  g.add_key(key("tokenizer.ggml.add_space_prefix", 7, std::string(1, space_prefix ? 1 : 0)));
  for (const auto& [k, v] : keys) g.add_key(key("tokenizer.ggml." + k, 4, u32(v)));
  return g.bytes();
}

constexpr Token kFirst = 259;

TEST(Vocab, EndsOfGenerationByName) {
  for (const char* name : {"<|eot_id|>",
                           "<|im_end|>",
                           "<|end|>",
                           "<end_of_turn>",
                           "<|endoftext|>",
                           "<EOT>",
                           "_<EOT>",
                           "<\xef\xbd\x9c"
                           "end\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>",
                           "<turn|>",
                           "<|return|>",
                           "<|call|>",
                           "<|flush|>",
                           "<|calls|>",
                           "<|eom_id|>",
                           "[EOT]",
                           "[EOS]",
                           "[e~[",
                           "<eos>",
                           "</s>",
                           "<|end_of_text|>",
                           "<|fim_pad|>",
                           "<fim-pad>",
                           "<fim_pad>",
                           "<PAD>",
                           "<reponame>",
                           "<|repo_name|>",
                           "<|fim_repo|>",
                           "<fim-repo>",
                           "<REPO>",
                           "<|file_sep|>",
                           "<end_of_utterance>"}) {
    const Vocabulary v(spm({{name, 3}}));
    // 2: SentencePiece's own </s>
    EXPECT_EQ(v->end_tokens(), (std::vector<Token>{2, kFirst})) << name;
  }
  for (const char* name : {"<|im_start|>", "<|eot|>", "<|user|>", "<|endofprompt|>",
                           "<|fim_prefix|>", "<pad>", "eos"}) {
    const Vocabulary v(spm({{name, 3}}));
    EXPECT_EQ(v->end_tokens(), std::vector<Token>{2}) << name;
  }
}

TEST(Vocab, EndsOfGenerationByKeyAndTheRuleForChannels) {
  const Vocabulary named(
      spm({{"<a>", 3}, {"<b>", 3}, {"<c>", 3}, {"<d>", 3}},
          {{"eos_token_id", 259}, {"eot_token_id", 260}, {"eom_token_id", 261}}));
  EXPECT_EQ(named->end_tokens(), (std::vector<Token>{259, 260, 261}));
  EXPECT_EQ(named->end_of_turn(), 260);
  // Where messages have parts, "<|end|>" ends a part.
  const Vocabulary parts(spm({{"<|return|>", 3}, {"<|call|>", 3}, {"<|end|>", 3}}));
  EXPECT_EQ(parts->end_tokens(), (std::vector<Token>{2, 259, 260}));
  EXPECT_EQ(Vocabulary(spm({{"<|im_end|>", 3}}))->end_of_turn(), 259);
  EXPECT_EQ(Vocabulary(spm({}))->end_of_turn(), 2);
}

TEST(Vocab, AUserDefinedTokenWithSpacesIsFoundInTextButNeverMerged) {
  const std::string space = "\xe2\x96\x81";
  const Vocabulary v(spm({{space, 1}, {"  ", 4}, {"x", 1}, {"\n", 4}}, {}, true));
  const Token one = kFirst, two = kFirst + 1, x = kFirst + 2, newline = kFirst + 3;
  EXPECT_EQ(v->encode("x  x"), (std::vector<Token>{one, x, two, one, x}));
  // The prefix and the space between two newlines are two spaces that are not in the text.
  EXPECT_EQ(v->encode("\n \n"), (std::vector<Token>{newline, one, one, newline}));
}

TEST(Vocab, SpmReadsItsOwnSignForASpaceAsOne) {
  const Vocabulary v(spm({{"\xe2\x96\x81", 1}, {"x", 1}, {"\xe2\x96\x81x", 1}}));
  EXPECT_EQ(v->encode("\xe2\x96\x81x x"), (std::vector<Token>{kFirst + 2, kFirst + 2}));
  EXPECT_EQ(v->decode(v->encode(" x")), " x");
}

// Otherwise a table of the wrong type would count as a missing table, and control tokens as text.
TEST(Vocab, TablesOfTheWrongTypeOrLengthAreErrors) {
  const std::string three = u32(8) + raw<std::uint64_t>(3) + str("a") + str("b") + str("c");
  const auto error = [&](const std::string& name, std::uint32_t type, const std::string& value) {
    test::GgufBytes g;
    g.add_key(key("tokenizer.ggml.model", 8, str("llama")))
        .add_key(key("tokenizer.ggml.tokens", 9, three));
    const std::string bytes = g.add_key(key("tokenizer.ggml." + name, type, value)).bytes();
    const auto file =
        GgufFile::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "test");
    return Tokenizer::from_gguf(*file).error().message();
  };
  for (const char* name : {"token_type", "scores"}) {
    EXPECT_NE(error(name, 4, u32(3)).find("no array (test, tokenizer.ggml." + std::string(name)),
              std::string::npos);
    EXPECT_NE(error(name, 9, three).find("another array"), std::string::npos);
  }
  EXPECT_NE(error("token_type", 9, u32(4) + raw<std::uint64_t>(1) + u32(1)).find("1 of them"),
            std::string::npos);
}

TEST(Vocab, TextNeverMergesIntoAControlToken) {
  const Vocabulary v(spm({{"<", 1}, {"e", 1}, {">", 1}, {"<e", 1}, {"<e>", 3}}));
  EXPECT_EQ(v->encode("<e>", {.parse_special = true}), std::vector<Token>{kFirst + 4});
  EXPECT_EQ(v->encode("<e>", {.parse_special = false}),
            (std::vector<Token>{kFirst + 3, kFirst + 2}));
}

}  // namespace
}  // namespace ponder
