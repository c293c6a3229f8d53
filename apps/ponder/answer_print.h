// The likeliest answer as people read it: a live line while it is looked for, then the answer, its
// mass and evidence, and the runners-up.
#pragma once

#include "live_line.h"
#include "ponder/session/answer.h"

namespace ponder::app {

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
