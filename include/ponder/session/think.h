// Thinking as a request and its answer: from the first reply to a likelier one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ponder/search/think.h"
#include "ponder/session/answer.h"
#include "ponder/session/common.h"
#include "ponder/session/prompt.h"

namespace ponder {

struct ThinkRequest {
  PromptRequest prompt{};
  LawRequest law{};
  // How to search, and whom to tell. The session itself sets like_lengths, fit_horizon and
  // best_first.slack.
  ThinkConfig config{};
  bool any_length =
      false;              // replies of any length count, not only those of about the first reply's
  bool logprobs = false;  // also log p of each token of the best reply
  // Also the likeliest answer, where the question lists options or asks for yes or no or a number.
  // A search of a long reply leaves it half of its budget, any other what is left over. Draws that
  // do not agree on a number are no answer.
  bool answer = true;
  Budget budget{};  // the prompt counts
};

struct ThinkAnswer : Answer {
  ThinkResult result{};
  SpelledReply first{}, best{};
  std::optional<SpelledReply> also{};
  std::optional<AnswerReport> answer{};
  std::vector<double> best_logprobs{};  // nats; empty where not asked for, or cut short
};

}  // namespace ponder
