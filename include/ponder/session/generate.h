// The ordinary first reply as a request and its answer.
#pragma once

#include <functional>
#include <vector>

#include "ponder/search/decode.h"
#include "ponder/session/common.h"
#include "ponder/session/prompt.h"

namespace ponder {

struct GenerateRequest {
  PromptRequest prompt{};
  LawRequest law{};
  DecodeConfig decode{};
  int beam = 0;     // width of a beam search instead of decoding; 0: none
  int best_of = 1;  // replies drawn, of which the likeliest is the answer
  Budget budget{};
  std::function<bool(TokenProb)>
      on_token{};  // each token of a single decoded reply; false stops it
};

/// Errors: kInvalid (several draws of a greedy decoder).
Status check_best_of(int best_of, const DecodeConfig&);

struct GenerateAnswer : Answer {
  SpelledReply reply{};
  std::vector<SpelledReply> replies{};  // all of best_of, as drawn; the reply is one of them
};

}  // namespace ponder
