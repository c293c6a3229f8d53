// Bodies of OpenAI's API: which are accepted, the error of every wrong field, and what errors look
// like to clients.
#include "ponder/openai.h"

#include <gtest/gtest.h>

namespace ponder {
namespace {

constexpr int kBodyVocab = 100;
const std::string kHead = R"({"messages":[{"role":"user","content":"hi"}],)";

std::string chat_error(const std::string& rest) {
  const auto c = parse_chat_call(kHead + rest + "}");
  return c.ok() ? "" : c.error().message();
}
std::string text_error(const std::string& rest) {
  const auto c = parse_completion_call("{" + rest + "}", kBodyVocab);
  return c.ok() ? "" : c.error().message();
}

TEST(ChatCall, ReadsItsFields) {
  const auto c = parse_chat_call(
      kHead +
      R"("temperature":0.5,"top_p":0.9,"top_k":7,"min_p":0.1,"n":2,"stop":["a","b"],"seed":9007199254740993,"max_tokens":3,
         "max_completion_tokens":5,"logprobs":true,"top_logprobs":4,"stream":true,"stream_options":{"include_usage":true},
         "frequency_penalty":0,"logit_bias":{},"user":"u","colour":1,"presence_penalty":null})");
  ASSERT_TRUE(c.ok()) << c.error().message();
  const CompleteRequest& r = c->settings;
  EXPECT_EQ(r.decode.temperature, 0.5);
  EXPECT_EQ(r.decode.top_p, 0.9);
  EXPECT_EQ(r.decode.top_k, 7);
  EXPECT_EQ(r.decode.min_p, 0.1);
  EXPECT_EQ(r.n, 2);
  EXPECT_EQ(r.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(c->seed, 9007199254740993u);
  EXPECT_EQ(r.max_tokens, 5);
  EXPECT_EQ(r.top, 4);
  EXPECT_TRUE(c->stream && c->usage && c->chat);
  EXPECT_EQ(c->unread, std::vector<std::string>{"colour"});
}

TEST(ChatCall, UsesTheApisDefaults) {
  const auto c = parse_chat_call(kHead + R"("stop":"x"})");
  ASSERT_TRUE(c.ok());
  EXPECT_EQ(c->settings.decode.temperature, 1);
  EXPECT_EQ(c->settings.max_tokens, 0);
  EXPECT_EQ(c->settings.top, -1);
  EXPECT_FALSE(c->seed);
  const auto t = parse_completion_call(R"({"prompt":"a"})", kBodyVocab);
  ASSERT_TRUE(t.ok());
  EXPECT_EQ(t->settings.max_tokens, 16);
  EXPECT_TRUE(t->settings.draw);
}

TEST(ChatCall, RefusesWhatItCannotObey) {
  for (const char* rest : {R"("n":0)",
                           R"("n":1.5)",
                           R"("n":"2")",
                           R"("temperature":-1)",
                           R"("top_p":0)",
                           R"("stop":[1])",
                           R"("stop":"")",
                           R"("seed":1.5)",
                           R"("stream":1)",
                           R"("stream_options":3)",
                           R"("stream_options":{"include_usage":1})",
                           R"("frequency_penalty":0.5)",
                           R"("logit_bias":{"1":2})",
                           R"("max_tokens":0)",
                           R"("logprobs":3)",
                           R"("top_logprobs":2)",
                           R"("response_format":{"type":"json_object"})",
                           R"("response_format":3)",
                           R"("tool_choice":"required")",
                           R"("n":1e300)",
                           R"("chat_template_kwargs":3)"})
    EXPECT_NE(chat_error(rest), "") << rest;
  EXPECT_FALSE(parse_chat_call("{}").ok());
  EXPECT_FALSE(parse_chat_call("[]").ok());
  EXPECT_FALSE(parse_chat_call("").ok());
}

TEST(CompletionCall, ReadsPromptsOfEveryKind) {
  const auto n_prompts = [](const std::string& prompt) {
    const auto c = parse_completion_call(R"({"prompt":)" + prompt + "}", kBodyVocab);
    return c.ok() ? static_cast<int>(c->prompts.size()) : -1;
  };
  EXPECT_EQ(n_prompts(R"("a")"), 1);
  EXPECT_EQ(n_prompts(R"(["a","b"])"), 2);
  EXPECT_EQ(n_prompts("[1,2,3]"), 1);
  EXPECT_EQ(n_prompts("[[1],[2,3]]"), 2);
  for (const char* bad : {"3", "[100]", "[-1]", R"([1,"a"])", R"([[1],"a",3])", "{}", "null"})
    EXPECT_EQ(n_prompts(bad), -1) << bad;
  EXPECT_EQ(text_error(R"("prompt":"a","max_tokens":0,"echo":true)"), "");
  EXPECT_NE(text_error(R"("prompt":"a","max_tokens":0)"), "");
  EXPECT_NE(text_error(R"("prompt":"a","suffix":"b")"), "");
  EXPECT_NE(text_error(R"("prompt":"a","logprobs":101)"), "");
}

TEST(ApiErrors, HaveStatusAndField) {
  const auto one = api_error(Error{Code::kInvalid, "x", "y", "\"messages\"", ""});
  EXPECT_EQ(one.status, 400);
  EXPECT_NE(one.body.find(R"("param":"messages")"), std::string::npos);
  EXPECT_EQ(api_error(Error{Code::kResource, "x", "y", "a, b", ""}).status, 503);
  EXPECT_NE(api_error(Error{Code::kResource, "x", "y", "a, b", ""}).body.find(R"("param":null)"),
            std::string::npos);
  EXPECT_EQ(api_error(Error{Code::kNumeric, "x", "y", "", ""}).status, 500);
  EXPECT_NE(api_error(401, "no key", "invalid_api_key").body.find("authentication_error"),
            std::string::npos);
}

TEST(ThinkCall, ReadsItsFieldsAndRefusesOthers) {
  const auto c = parse_think_call(
      R"({"question":"why?","budget_s":3,"methods":["anneal"],"seed":4,"stream":true,"max_tokens":9})",
      kBodyVocab);
  ASSERT_TRUE(c.ok()) << c.error().message();
  EXPECT_EQ(c->request.budget.seconds, 3);
  EXPECT_EQ(c->request.config.first.seed, 4u);
  EXPECT_TRUE(c->stream);
  for (const char* bad : {R"({"question":"a","budget":3})", R"({"question":"a","methods":["x"]})",
                          R"({"budget_s":3})", R"({"question":"a","budget_s":0})"})
    EXPECT_FALSE(parse_think_call(bad, kBodyVocab).ok()) << bad;
  EXPECT_TRUE(check_control(R"({"action":"finish"})").ok());
  EXPECT_FALSE(check_control(R"({"action":"stay"})").ok());
  EXPECT_FALSE(check_control(R"({})").ok());
}

TEST(AnswerCall, ReadsItsFieldsAndRefusesOthers) {
  const auto a = parse_answer_call(
      R"({"question":"why?","answer":"number","way":"draws","draws":5,"temperature":0.5,"distinct":true,"budget_s":2})",
      kBodyVocab);
  ASSERT_TRUE(a.ok()) << a.error().message();
  EXPECT_EQ(a->map, "number");
  EXPECT_EQ(a->way, AnswerWay::kDraws);
  EXPECT_EQ(a->draws, 5);
  EXPECT_TRUE(a->distinct);
  EXPECT_EQ(a->budget.seconds, 2);
  for (const char* bad : {R"({"question":"a","way":"x"})", R"({"question":"a","draw":3})",
                          R"({"answer":"number"})", R"({"question":"a","answer":3})"})
    EXPECT_FALSE(parse_answer_call(bad, kBodyVocab).ok()) << bad;
}

}  // namespace
}  // namespace ponder
