// Request lines: which are accepted, and the error of every wrong line.
#include <gtest/gtest.h>

#include "ponder/wire.h"

namespace ponder {
namespace {

constexpr int kVocab = 100;

std::string error_of(const std::string& json) {
  const auto r = parse_request(json, kVocab);
  return r.ok() ? "" : r.error().message();
}

TEST(ParseRequest, UnderstandsEveryKindOfPrompt) {
  const auto chat = parse_request(
      R"({"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"f"}]})", kVocab);
  ASSERT_TRUE(chat.ok()) << chat.error().message();
  const auto& conversation = std::get<Conversation>(*chat->prompt);
  EXPECT_EQ(conversation.messages.at(0).content, "hi");
  EXPECT_EQ(conversation.variables, R"({"tools":[{"name":"f"}]})");

  const auto asked = parse_request(R"({"question":"why?","system":"be brief"})", kVocab);
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(std::get<Conversation>(*asked->prompt).messages.at(0).role, "system");
  EXPECT_EQ(std::get<Conversation>(*asked->prompt).messages.at(1).content, "why?");

  const auto raw = parse_request(R"({"prompt":"1 2"})", kVocab);
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(std::get<RawText>(*raw->prompt).text, "1 2");
  EXPECT_FALSE(std::get<RawText>(*raw->prompt).intended);

  const auto ids = parse_request(R"({"prompt_ids":[1,99]})", kVocab);
  ASSERT_TRUE(ids.ok());
  EXPECT_EQ(std::get<std::vector<Token>>(*ids->prompt), (std::vector<Token>{1, 99}));

  const auto none = parse_request(R"({"text":"a"})", kVocab);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(prompt_of(*none).ok());
}

TEST(ParseRequest, UnderstandsRepliesTextsAndMixtures) {
  const auto text = parse_request(R"({"reply":" 4","end":true})", kVocab);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(std::get<std::string>(text->reply->reply), " 4");
  EXPECT_TRUE(text->reply->end);

  const auto mixed =
      parse_request(R"({"candidates":[[1,2],[3,4]],"weights":[[0.5,0.5],[1,0]]})", kVocab);
  ASSERT_TRUE(mixed.ok()) << mixed.error().message();
  EXPECT_EQ(mixed->relaxed->m, 2);
  EXPECT_EQ(mixed->relaxed->candidates, (std::vector<Token>{1, 2, 3, 4}));
  EXPECT_EQ(mixed->relaxed->weights, (std::vector<float>{0.5, 0.5, 1, 0}));

  const auto hex = parse_request(R"({"hex":"ff0A"})", kVocab);
  ASSERT_TRUE(hex.ok());
  EXPECT_EQ(*hex->text, "\xff\x0a");
}

struct Wrong {
  const char *json, *expected, *got;
};

TEST(ParseRequest, SaysWhatIsWrong) {
  const Wrong all[] = {
      {"", "a JSON object", "an empty line"},
      {"[1]", "a JSON object", "array"},
      {"{", "a JSON object", "parse_error"},
      {R"({"promt":"a"})", "a known key", "did you mean \"prompt\"?"},
      {R"({"prompt":"a","question":"b"})", "exactly one of", "several"},
      {R"({"reply":"a","reply_ids":[1]})", "one of \"reply\", \"reply_ids\"", "both"},
      {R"({"text":"a","hex":"00"})", "one of \"text\", \"hex\"", "both"},
      {R"({"system":"a","prompt":"b"})", "\"system\" beside \"question\" only", "it without"},
      {R"({"tools":[],"prompt":"b"})", "\"tools\" beside \"messages\" or \"question\"",
       "it without"},
      {R"({"messages":[]})", "a list of messages", "an empty one"},
      {R"({"messages":[{"content":"a"}]})", "messages with role and content", "content"},
      {R"({"messages":[{"role":"user","content":[{"type":"image"}]}]})", "content of type text",
       "image"},
      {R"({"question":""})", "a question", "an empty one"},
      {R"({"question":1})", "a string", "number"},
      {R"({"prompt_ids":[100]})", "token ids from 0 to 99", "100"},
      {R"({"prompt_ids":[-1]})", "token ids from 0 to 99", "-1"},
      {R"({"prompt_ids":[1.5]})", "token ids from 0 to 99", "1.5"},
      {R"({"reply_ids":"a"})", "a list of token ids", "string"},
      {R"({"reply":"a","end":1})", "true or false", "number"},
      {R"({"hex":"0"})", "pairs of hexadecimal digits", "'0'"},
      {R"({"hex":"0g"})", "pairs of hexadecimal digits", "'0g'"},
      {R"({"candidates":[[1]]})", "\"weights\" beside \"candidates\"", "none"},
      {R"({"candidates":[],"weights":[]})", "an array of arrays of token ids", "[]"},
      {R"({"candidates":[[1],[2]],"weights":[[1]]})", "as many rows of weights", "1"},
      {R"({"candidates":[[1,2],[3]],"weights":[[1,0],[1]]})", "2 candidates, as in row 0", "1"},
      {R"({"candidates":[[1]],"weights":[["a"]]})", "a number", "\"a\""},
      {R"({"chat_template_kwargs":{"messages":1},"question":"a"})", "\"messages\" beside it",
       "inside"},
  };
  for (const Wrong& w : all) {
    const std::string message = error_of(w.json);
    EXPECT_NE(message.find(w.expected), std::string::npos) << w.json << "\n" << message;
    EXPECT_NE(message.find(w.got), std::string::npos) << w.json << "\n" << message;
  }
}

TEST(ParseRequest, StopsAtDeepNesting) {
  const std::string deep = R"({"tools":)" + std::string(80, '[') + std::string(80, ']') + "}";
  EXPECT_NE(error_of(deep).find("nesting of at most 64 levels"), std::string::npos)
      << error_of(deep);
}

TEST(Json, KeepsBytesThatAreNoText) {
  EXPECT_EQ(text_json("a\xff"), "{\"text\":\"a\xef\xbf\xbd\",\"hex\":\"61ff\"}");
  EXPECT_EQ(text_json("\xc3\xa9"), "{\"text\":\"\xc3\xa9\"}");
}

}  // namespace
}  // namespace ponder
