// What is asked of a model, before it is tokenised: a conversation, raw text or token ids; and a
// given reply. Values only: text_model.h makes tokens of them.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "ponder/core/token.h"
#include "ponder/model/chat.h"

namespace ponder {

/// Messages for the model's chat template.
struct Conversation {
  std::vector<ChatMessage> messages{};
  std::string variables = "{}";  // of the template, as a JSON object: "tools", "enable_thinking", …
  /// One question, after a system message where that is not empty.
  static Conversation ask(const std::string& question, const std::string& system = "");
};

/// Text to go on with, without a chat template.
struct RawText {
  std::string text;
  bool intended = true;  // false: the answer of a chat model notes that no template was used
};

/// One of the three; ids are taken as they are.
using PromptRequest = std::variant<Conversation, RawText, std::vector<Token>>;

/// A reply that is given: text, tokenised by itself without control tokens, or ids.
struct ReplyRequest {
  std::variant<std::string, std::vector<Token>> reply;
  bool end = false;  // append the end-of-turn token
};

/// A prompt as the model reads it.
struct Prompt {
  std::vector<Token> ids{};          // at least one
  std::string question{};            // in words, for notes and terms that speak about it
  std::string rendered{};            // what the chat template made; empty where none was used
  std::vector<std::string> notes{};  // what the answer must say about it
};

}  // namespace ponder
