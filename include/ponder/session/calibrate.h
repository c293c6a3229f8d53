// Confidences that are tested: questions with known answers are asked as a user would ask them, and
// what their answers show of how sure they are is compared with whether they are right.
// docs/answers.md#confidence.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ponder/session/answer.h"

namespace ponder {

/// A question and the answers that are right, any of which will do.
struct KnownQuestion {
  PromptRequest prompt{};
  std::vector<std::string> answers{};  // one at least
};

/// How a known question was answered.
struct JudgedReport {
  std::size_t question = 0;
  const AnswerReport* report = nullptr;
  bool right = false;
};

struct CalibrateRequest {
  std::vector<KnownQuestion> questions{};
  AnswerRequest ask{};  // how; its prompt is not used, its budget is that of one question
  std::function<void(const JudgedReport&)> on_answer{};
};

struct CalibrateAnswer : Answer {
  CalibrationRecord record{};  // a group for each way and map of which there were enough questions
  // How each group did on the half that was held out.
  struct Group {
    std::string name{};
    int n = 0;  // answers, of both halves
    ConfidenceFigures held{};
  };
  std::vector<Group> groups{};
  int asked = 0, right = 0;  // questions; fewer than there are where it was stopped
};

}  // namespace ponder
