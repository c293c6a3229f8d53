// Typed questions in the System One format: what they are read as, what is refused, and the answer.
#include <gtest/gtest.h>

#include "ponder/wire.h"
#include "says.h"

namespace ponder {
namespace {

Result<DecideRequest> asked_by_name(const std::string& question) {
  return parse_systemone_request(R"({"state":"x","questions":{"q":)" + question + "}}");
}

TEST(ParseSystemOne, UnderstandsAllQuestions) {
  const auto r = parse_systemone_request(R"({"model":"m","state":{"a":[1,"b"]},"questions":{
    "urgent":{"type":"noul","instructions":"Is it?","criteria":{"true":"today"}},
    "team":{"type":"choice","criteria":{"sales":null,"bugs":{"of":"all"}}},
    "mood":{"type":"score","instructions":["how","bad"],"criteria":["calm","angry"]}}})");
  ASSERT_TRUE(r.ok()) << r.error().message();
  EXPECT_EQ(r->input.messages.at(0).content, R"({"a":[1,"b"]})");
  ASSERT_EQ(r->questions.size(), 3u);
  const DecideQuestion &urgent = r->questions[0], &team = r->questions[1], &mood = r->questions[2];
  EXPECT_EQ(urgent.kind, DecideKind::kPredicate);
  EXPECT_EQ(urgent.name, "urgent");
  EXPECT_EQ(urgent.labels.at(0).description, "today");
  EXPECT_EQ(urgent.labels.at(1).description, "");
  EXPECT_EQ(team.labels.at(0).text, "sales");
  EXPECT_EQ(team.labels.at(1).description, R"({"of":"all"})");
  EXPECT_FALSE(team.instructions.empty());
  EXPECT_EQ(mood.kind, DecideKind::kScore);
  EXPECT_EQ(mood.instructions, R"(["how","bad"])");
  EXPECT_EQ(mood.labels.at(1).text, "angry");
}

TEST(ParseSystemOne, TellsWhatIsWrong) {
  EXPECT_SAYS(parse_systemone_request("{"), "a JSON object");
  EXPECT_SAYS(parse_systemone_request("[]"), "a JSON object");
  EXPECT_SAYS(parse_systemone_request(R"({"state":"x"})"), "\"questions\"");
  EXPECT_SAYS(parse_systemone_request(R"({"state":"x","questions":{}})"), "\"questions\"");
  EXPECT_SAYS(parse_systemone_request(R"({"states":"x","questions":{}})"), "did you mean");
  EXPECT_SAYS(parse_systemone_request(R"({"state":3,"questions":{}})"), "\"state\"");
  EXPECT_SAYS(asked_by_name("5"), "question \"q\"");
  EXPECT_SAYS(asked_by_name(R"({"type":"nool"})"), "did you mean");
  EXPECT_SAYS(asked_by_name(R"({"type":"noul"})"), "neither");
  EXPECT_SAYS(asked_by_name(R"({"type":"noul","criteria":{"yes":"y"}})"), "true");
  EXPECT_SAYS(asked_by_name(R"({"type":"choice"})"), "\"criteria\"");
  EXPECT_SAYS(asked_by_name(R"({"type":"choice","criteria":["a"]})"), "an object");
  EXPECT_SAYS(asked_by_name(R"({"type":"score","criteria":{"a":1}})"), "a list");
  EXPECT_SAYS(asked_by_name(R"({"type":"score","criteria":[1,2]})"), "\"level\"");
}

TEST(SystemOne, AnswersByName) {
  DecidedQuestion choice{.question = {.kind = DecideKind::kChoice, .name = "c"},
                         .probabilities = {0.5, 0.25, 0.25},
                         .mass = 0.5,
                         .best = 0};
  choice.question.labels = {{.text = "x"}, {.text = "y"}, {.text = "z"}};
  DecidedQuestion score = choice;
  score.question.kind = DecideKind::kScore;
  score.question.name = "s";
  score.mean = 0.4;
  DecidedQuestion noul{.question = {.name = "n"}, .probabilities = {0.25, 0.75}, .mass = 1};
  DecideAnswer a;
  a.questions = {choice, score, noul};
  a.model = "m";
  a.input_tokens = 9;
  EXPECT_EQ(
      systemone_json(a),
      R"({"model":"m","answers":{"c":{"type":"choice","choice":"x","confidence":0.25,)"
      R"("probabilities":{"x":0.5,"y":0.25,"z":0.25},"mass":0.5},)"
      R"("s":{"type":"score","score":0.4,"legend":{"0":"x","1":"y","2":"z"},"confidence":0.25,)"
      R"("probabilities":{"0":0.5,"1":0.25,"2":0.25},"mass":0.5},)"
      R"("n":{"type":"noul","noul":0.25,"mass":1.0}},"usage":{"input_tokens":9,"output_tokens":0}})");
}

}  // namespace
}  // namespace ponder
