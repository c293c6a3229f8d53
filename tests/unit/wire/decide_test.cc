// Requests of typed questions and their answers: the body of POST /v1/decisions, and what every
// wrong one is told.
#include <gtest/gtest.h>

#include "ponder/wire.h"
#include "says.h"

namespace ponder {
namespace {

Result<DecideRequest> asked(const std::string& question) {
  return parse_decide_request(R"({"input":"x","questions":[)" + question + "]}");
}

TEST(ParseDecideRequest, UnderstandsAllQuestions) {
  const auto r = parse_decide_request(R"({"model":"m","safety_identifier":"u","prior":true,
    "input":[{"type":"message","role":"developer","content":"s"},
             {"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]}],
    "questions":[{"type":"predicate","instructions":"p"},
      {"type":"choice","name":"c","instructions":"q",
       "choices":[{"value":"x","description":"d","spellings":["y"]},{"value":false}]},
      {"type":"score","name":null,"instructions":"r","levels":[{"label":"l","value":2},{"label":"h","value":3}]}]})");
  ASSERT_TRUE(r.ok()) << r.error().message();
  EXPECT_EQ(r->input.messages.at(0).role, "system");
  EXPECT_EQ(r->input.messages.at(1).content, "ab");
  EXPECT_EQ(r->neutral, "N/A");
  EXPECT_FALSE(r->orders);
  EXPECT_TRUE(r->listed);
  ASSERT_EQ(r->questions.size(), 3u);
  EXPECT_EQ(r->questions[0].kind, DecideKind::kPredicate);
  const DecideQuestion& c = r->questions[1];
  EXPECT_EQ(c.name, "c");
  EXPECT_EQ(c.labels.at(0).description, "d");
  EXPECT_EQ(c.labels.at(0).spellings, std::vector<std::string>{"y"});
  EXPECT_EQ(c.labels.at(1).text, "false");
  EXPECT_TRUE(c.labels.at(1).boolean);
  EXPECT_FALSE(r->questions[2].name);
  EXPECT_EQ(r->questions[2].labels.at(1).value, 3);
  EXPECT_EQ(parse_decide_request(R"({"input":"x","questions":[],"prior":"nothing"})")->neutral,
            "nothing");
}

TEST(ParseDecideRequest, TellsWhatIsWrong) {
  EXPECT_SAYS(parse_decide_request(" "), "an empty line");
  EXPECT_SAYS(parse_decide_request("{"), "a JSON object");
  EXPECT_SAYS(parse_decide_request("[]"), "a JSON object");
  EXPECT_SAYS(parse_decide_request(R"({"inputs":"x","questions":[]})"), "did you mean");
  EXPECT_SAYS(parse_decide_request(R"({"questions":[]})"), "\"input\"");
  EXPECT_SAYS(parse_decide_request(R"({"input":"x"})"), "\"questions\"");
  EXPECT_SAYS(parse_decide_request(R"({"input":5,"questions":[]})"),
              "a text or a list of messages");
  EXPECT_SAYS(parse_decide_request(R"({"input":[{"role":"robot","content":""}],"questions":[]})"),
              "one of the roles");
  EXPECT_SAYS(
      parse_decide_request(
          R"({"input":[{"role":"user","content":[{"type":"input_image"}]}],"questions":[]})"),
      "input_text");
  EXPECT_SAYS(parse_decide_request(R"({"input":"x","questions":[],"prior":1})"), "\"prior\"");
  EXPECT_SAYS(parse_decide_request(R"({"input":"x","questions":[],"orders":1})"), "\"orders\"");
  EXPECT_SAYS(asked("5"), "question 0");
  EXPECT_SAYS(asked(R"({"type":"choise"})"), "did you mean choice?");
  EXPECT_SAYS(asked(R"({"type":"predicate"})"), "\"instructions\"");
  EXPECT_SAYS(asked(R"({"type":"predicate","choices":[],"instructions":"x"})"), "'choices'");
  EXPECT_SAYS(asked(R"({"type":"choice","instructions":"x"})"), "\"choices\"");
  EXPECT_SAYS(asked(R"({"type":"choice","instructions":"x","choices":["a"]})"), "choices 0");
  EXPECT_SAYS(asked(R"({"type":"choice","instructions":"x","choices":[{"label":"a"}]})"),
              "'label'");
  EXPECT_SAYS(
      asked(R"({"type":"choice","instructions":"x","choices":[{"value":"a","spellings":"b"}]})"),
      "a list for \"spellings\"");
  EXPECT_SAYS(asked(R"({"type":"score","instructions":"x","levels":[{"label":"a","value":"b"}]})"),
              "a number for value");
}

TEST(DecideAnswerJson, HasTheFieldsOfDecisions) {
  DecideAnswer a{.model = "m.gguf", .input_tokens = 7, .notes = {}};
  a.questions.push_back({.question = {.labels = {{.text = "Yes"}, {.text = "No"}}},
                         .probabilities = {0.25, 0.75},
                         .mass = 0.5,
                         .best = 1});
  a.questions.push_back(
      {.question = {.kind = DecideKind::kChoice,
                    .name = "c",
                    .labels = {{.text = "x"}, {.text = "false", .boolean = true}}},
       .probabilities = {0.25, 0.75},
       .mass = 0.5,
       .best = 1,
       .prior = {0.5, 0.5},
       .letter_bias = {0.75, 0.25}});
  a.questions.push_back(
      {.question = {.kind = DecideKind::kScore,
                    .labels = {{.text = "l", .value = 0}, {.text = "h", .value = 1}}},
       .probabilities = {0.25, 0.75},
       .mass = 0.5,
       .best = 1,
       .mean = 0.75,
       .deviation = 0.5,
       .lower = 0,
       .upper = 1});
  EXPECT_EQ(
      to_json(a),
      R"({"model":"m.gguf","answers":[)"
      R"({"type":"predicate","name":null,"probability":0.25,"mass":0.5},)"
      R"({"type":"choice","name":"c","choice":false,"confidence":0.75,"probabilities":)"
      R"([{"value":"x","probability":0.25},{"value":false,"probability":0.75}],"mass":0.5,)"
      R"("prior":[0.5,0.5],"letter_bias":[0.75,0.25]},)"
      R"({"type":"score","name":null,"score":0.75,"confidence":0.75,"probabilities":)"
      R"([{"value":0.0,"label":"l","probability":0.25},{"value":1.0,"label":"h","probability":0.75}],)"
      R"("deviation":0.5,"interval":[0.0,1.0],"mass":0.5}],)"
      R"("usage":{"input_tokens":7,"output_tokens":0,"total_tokens":7}})");
}

}  // namespace
}  // namespace ponder
