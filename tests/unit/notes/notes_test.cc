// The notes on pairs of replies, for made-up results in the vocabulary of the toy model.
#include "ponder/core/notes.h"

#include <gtest/gtest.h>

namespace ponder {
namespace {

class Notes : public testing::Test {
 protected:
  std::shared_ptr<const Tokenizer> t_ = *Tokenizer::from_gguf(
      *GgufFile::open(std::string(PONDER_SOURCE_DIR) + "/tests/data/tiny/llama-tied/model.gguf"));

  Reply reply(const std::string& text) const {
    Reply r{.tokens = t_->encode(text), .ended = true};
    r.tokens.push_back(t_->end_tokens().front());
    return r;
  }
  // Notes on a first reply that ended and a likelier one.
  std::string all(const std::string& first, const std::string& best,
                  const std::string& question = "") const {
    ThinkResult r{.first = reply(first), .best = reply(best), .gain = 1};
    return joined(r, question);
  }
  std::string joined(const ThinkResult& r, const std::string& question) const {
    std::string s;
    for (const std::string& note : notes(r, *t_, question)) s += note + "\n";
    return s;
  }
  static bool has(const std::string& notes, const char* part) {
    return notes.find(part) != std::string::npos;
  }
};

TEST_F(Notes, NoneOnARightFullAnswer) {
  EXPECT_EQ(all("It is Paris, in France.", "The capital of France is Paris.",
                "What is the capital of France?"),
            "");
  EXPECT_EQ(all("Yes.", "🌍"), "");
}

TEST_F(Notes, AnEchoARepetitionAndNoWords) {
  EXPECT_TRUE(has(
      all("It is Paris, in France.", "The capital of France is", "What is the capital of France?"),
      "adds nothing to the question: each of its 5 words"));
  EXPECT_TRUE(has(all("no no", "no no no no no no no no no no no no"), "repeats itself"));
  EXPECT_TRUE(has(all("a", "…"), "no words"));
  EXPECT_TRUE(has(all("a", ""), "no words"));
}

// The note is needed above all where the first reply was cut.
TEST_F(Notes, AShortReplyAndAFirstOneThatWasCut) {
  const std::string longer = "one two three four five six seven eight nine ten eleven twelve";
  EXPECT_TRUE(has(all(longer, "one"), "a short reply is likelier because it is short"));
  EXPECT_FALSE(has(all(longer, longer + " and"), "short"));
  ThinkResult r{.first = reply(longer), .best = reply("one")};
  r.first.tokens.pop_back();
  r.first.ended = false;
  r.law.horizon = static_cast<int>(r.first.tokens.size());
  const std::string n = std::to_string(r.law.horizon);
  EXPECT_TRUE(has(
      joined(r, ""),
      ("the first reply was cut at " + n + " tokens (-n): it is a prefix, so no gain").c_str()));
  EXPECT_TRUE(has(joined(r, ""), "because it is short"));
  r.law.horizon += 1;
  EXPECT_TRUE(has(joined(r, ""), ("was stopped at " + n + " tokens: it is a prefix").c_str()));
}

TEST_F(Notes, RepeatedShare) {
  EXPECT_EQ(repeated_share(std::vector<Token>{1, 2, 3}), 0);
  EXPECT_EQ(repeated_share(std::vector<Token>{1, 1, 1, 1, 1}), 0.5);
}

}  // namespace
}  // namespace ponder
