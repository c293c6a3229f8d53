// Log-probabilities of given replies as requests and answers: many in one batch.
#pragma once

#include <vector>

#include "ponder/core/status.h"
#include "ponder/search/pseudo.h"
#include "ponder/session/prompt.h"

namespace ponder {

struct ScoreRequest {
  PromptRequest prompt{};
  ReplyRequest reply{};
};

/// What is asked of all replies of a batch.
struct ScoreOptions {
  double alpha = 0;     // also lz = logsumexp_v alpha log p(v) of every row; 0: not
  int pseudo = 0;       // also the pseudo-likelihood, over so many candidates a position; 0: not
  bool logits = false;  // also the row after the prompt
  std::vector<Token> allowed{};  // ids that the law is restricted to; empty: all
};

struct ScoreAnswer {
  std::vector<Token> prompt{}, reply{};
  std::vector<double> logprobs{};  // (n_reply) nats
  double sum = 0;                  // of logprobs
  double alpha = 0;                // of lz; 0: it was not asked for
  std::vector<double> lz{};        // (n_reply) nats, of the same rows
  int k = 0;                       // candidates of the pseudo-likelihood; 0: it was not asked for
  PseudoLikelihood pseudo{};
  std::vector<float> logits{};  // (n_vocab), where asked for
};

}  // namespace ponder
