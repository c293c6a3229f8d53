// The likeliest answer as people read it: a live line while it is looked for, then the answer, its
// mass and evidence, and the runners-up.
#pragma once

#include <cstddef>
#include <string>

#include "live_line.h"
#include "ponder/session/answer.h"

namespace ponder::app {

/// The answer with its figures, and the first `shown` of all answers.
void write_answer(const AnswerReport&, std::size_t shown);
/// How it was found and what is proved of it, and how long that took.
std::string answer_evidence(const AnswerReport&);

class AnswerScreen {
 public:
  explicit AnswerScreen(const Budget& b) : line_(b) {}
  void progress(const AnswerProgress&);
  void answer(const AnswerReport&, bool stopped);

 private:
  LiveLine line_;
};

void print_answer_check(const AnswerCheckReport&);

}  // namespace ponder::app
