// The options that `ponder answer` and `ponder calibrate` share: how a question is answered.
#pragma once

#include "ponder/session/answer.h"
#include "requests.h"

namespace ponder::app {

struct AnswerArgs {
  LawArgs law;
  BudgetArgs budget;
  AnswerRequest answer;
  std::string way = "auto";
  void add(CLI::App&);
  /// Everything but the prompt. Errors: kInvalid (an unknown way, a map that does not parse), those
  /// of BudgetArgs::budget.
  Result<AnswerRequest> request() const;
};

}  // namespace ponder::app
