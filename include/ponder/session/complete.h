// Continuations of a prompt as a request and its answer: several choices, the log-probabilities of
// their tokens and of the likeliest tokens beside them, those of the prompt's own tokens, and texts
// that end a choice. Generate (generate.h) gives one reply, of which it tells more.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ponder/search/decode.h"
#include "ponder/session/common.h"
#include "ponder/session/prompt.h"

namespace ponder {

/// A token as it stands in a text.
struct PlacedToken {
  Token token = -1;
  std::optional<double> logprob{};  // nats; none: it was not asked for, or is the prompt's first
  std::vector<TokenProb> top{};     // the likeliest at its place, largest first
};

/// What a choice has grown by.
struct CompletionPiece {
  int choice = 0;
  std::string text{};                 // whole characters
  std::vector<PlacedToken> tokens{};  // one, or none: the rest of the text
};

struct CompleteRequest {
  PromptRequest prompt{};
  int max_tokens = 0;  // most tokens of a choice; 0: as many as the context has room for
  bool draw = true;    // false: no choice is drawn; for the prompt's log-probabilities
  DecodeConfig decode{};
  int n = 1;        // choices
  int best_of = 0;  // replies drawn, of which the n with the largest log p a token count; 0: n
  std::vector<std::string> stop{};  // a text that ends a choice, and is no part of it
  int top = -1;       // so many likeliest tokens at each place; -1: no log-probabilities at all
  bool echo = false;  // also the prompt's tokens
  /// With echo: the prompt's tokens, once they are read and before any choice grows.
  std::function<void(std::span<const PlacedToken>)> on_prompt{};
  /// What each choice grows by, as it comes; false ends that choice. Not with best_of.
  std::function<bool(const CompletionPiece&)> on_piece{};
  Budget budget{};
};

struct Completion {
  std::vector<PlacedToken> tokens{};  // with its end token
  std::string text{};                 // without control tokens, and without the stop text
  bool stopped = false;  // it ended by itself or at a stop text; else its length was used up
  double logprob = 0;    // nats, of all tokens
};

struct CompleteAnswer : Answer {
  std::vector<PlacedToken> prompt{};  // logprobs and top where echo was asked for
  std::vector<Completion> choices{};  // (n); empty where none was drawn
};

}  // namespace ponder
