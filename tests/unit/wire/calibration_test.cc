// Calibrations and known questions over the wire: back as they were, and bad input told apart.
#include <gtest/gtest.h>

#include "must.h"
#include "ponder/wire.h"

namespace ponder {
namespace {

using test::must;

CalibrationRecord record() {
  Calibration c{.features = {{"mass", 0.5, 0.25, 1.5}, {"margin", 0, 1, -0.1}},
                .bias = 0.3,
                .steps = {{-1, 0.2}, {1.25, 0.9}},
                .fitted = {{0.9, true}, {0.2, false}},
                .held = {{0.8, true}, {0.8, false}}};
  return {"model.gguf",
          "abc",
          {AnswerWay::kDraws, "number", 512, 16, 0.7, 0.95},
          {{"draws number", std::move(c)}}};
}

TEST(WireCalibration, ComesBackAsItWas) {
  EXPECT_EQ(must(parse_calibration(to_json(record()), "file")), record());
}

TEST(WireCalibration, DamageIsTold) {
  const std::string good = to_json(record());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto read = parse_calibration(text, "file.json");
    return read.ok() ? "" : read.error().message();
  };
  for (const std::string& message :
       {with("{", "["), with("calibration 1", "calibration 2"), with("\"draws\"", "\"darws\""),
        with("[-1.0,0.2]", "[2.0,0.2]"), with("[-1.0,0.2]", "[-1.0,1.2]"),
        with("\"scale\":0.25", "\"scale\":0.0"), with("[0.9,true]", "[0.1,true]"),
        with("[0.9,true]", "[0.9,7]"), with("\"way\":\"draws\"", "\"way\":\"drawn\""),
        with("\"bias\":0.3", "\"bias\":1e300")}) {
    EXPECT_NE(message, "");
    EXPECT_NE(message.find("file.json"), std::string::npos) << message;
  }
}

TEST(WireCalibration, KnownQuestionsMayHaveOtherKeys) {
  const KnownQuestion q = must(parse_known_question(
      R"({"id":"x","question":"What is 2 + 2?","answers":["4","four"],"kind":"sum"})", 10));
  EXPECT_EQ(q.answers, (std::vector<std::string>{"4", "four"}));
  EXPECT_EQ(std::get<Conversation>(q.prompt).messages[0].content, "What is 2 + 2?");
  for (const char* bad :
       {R"({"question":"x"})", R"({"question":"x","answers":[]})", R"({"answers":["4"]})",
        R"({"question":"x","answers":"4"})", R"({"question":"x","answers":[4]})", "[]", "{", "",
        R"({"question":7,"answers":["4"]})"})
    EXPECT_FALSE(parse_known_question(bad, 10).ok()) << bad;
}

}  // namespace
}  // namespace ponder
