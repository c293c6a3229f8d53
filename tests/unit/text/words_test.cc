// Words of many scripts.
#include "text/words.h"

#include <gtest/gtest.h>

namespace ponder {
namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (const Word& w : words_of(text)) out.push_back(w.text);
  return out;
}
using Words = std::vector<std::string>;

TEST(Words, OfScriptsWithSpaces) {
  EXPECT_EQ(words("Köln, am Rhein!"), (Words{"köln", "am", "rhein"}));
  EXPECT_EQ(words("Ko\xcc\x88ln"), (Words{"köln"}));  // the same, decomposed
  EXPECT_EQ(words("STRASSE Straße"), (Words{"strasse", "strasse"}));
  EXPECT_EQ(words("don't don’t 'quoted'"), (Words{"don't", "don't", "quoted"}));
  EXPECT_EQ(words("2+2 is 4; 3.14, 1,000"), (Words{"2", "2", "is", "4", "3.14", "1,000"}));
  EXPECT_EQ(words("Ａｂ１"), (Words{"ab1"}));  // full width
  EXPECT_EQ(words("Москва — столица"), (Words{"москва", "столица"}));
  EXPECT_EQ(words("عاصمة فرنسا هي باريس.").size(), 4u);
  EXPECT_EQ(words("مَدِينَة").size(), 1u);  // vowel marks
  EXPECT_EQ(words("हिन्दी भाषा").size(), 2u);
  EXPECT_EQ(words("프랑스의 수도는 파리입니다").size(), 3u);
}

TEST(Words, OfScriptsWithoutSpaces) {
  EXPECT_EQ(words("パリです。"), (Words{"パ", "リ", "で", "す"}));
  EXPECT_EQ(words("巴黎是法国的首都").size(), 8u);
  EXPECT_EQ(words("ﾊﾟﾘ"), (Words{"パ", "リ"}));  // half width
  EXPECT_EQ(words("GPUは速い"), (Words{"gpu", "は", "速", "い"}));
  EXPECT_TRUE(words_of("速")[0].alone);
  EXPECT_FALSE(words_of("fast")[0].alone);
}

TEST(Words, Emoji) {
  EXPECT_EQ(words("👍🏽 ok 👨‍👩‍👧‍👦"),
            (Words{"👍🏽", "ok", "👨‍👩‍👧‍👦"}));
  EXPECT_EQ(words("🇫🇷🇩🇪").size(), 2u);
}

TEST(Words, OfNothingAndOfBrokenBytes) {
  EXPECT_TRUE(words("").empty());
  EXPECT_TRUE(words(" …—!?\n").empty());
  EXPECT_EQ(words("a\xff"
                  "b"),
            (Words{"a", "b"}));
  EXPECT_EQ(words(std::string("a\0b", 3)), (Words{"a", "b"}));
}

TEST(Words, WhatHasContent) {
  for (const char* text : {"4", "é", "日", "🌍", "=", "€", "→", "ا"})
    EXPECT_TRUE(has_content(text)) << text;
  for (const char* text : {"", " \n\t", "…", "。、", "!?\"'", "\xff\xfe", "\xe2\x80\x8d"})
    EXPECT_FALSE(has_content(text)) << text;
}

}  // namespace
}  // namespace ponder
