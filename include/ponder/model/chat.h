// Chat templates turn messages into the prompt text that a model was trained on, by the Jinja
// program in its file. Not a tokenizer. User text is tracked through the program, so that it never
// becomes a control token.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/model/tokenizer.h"

namespace ponder {

struct ChatMessage {
  std::string role;     // "system", "user", "assistant", …
  std::string content;  // UTF-8 text
  // the complete message as a JSON object where it has more fields than these two, which it
  // replaces
  std::string json{};
};

struct RenderedPrompt {
  std::string text;
  // bytes that came from messages: sorted, disjoint; for Tokenizer::encode
  std::vector<ByteRange> literal;
};

/// Limits on the work of a template, which may come from an untrusted file.
struct TemplateLimits {
  std::int64_t max_steps = 1'000'000;
  std::size_t max_bytes = 64u << 20;  // of strings alive or produced
  int max_depth = 100;                // nesting of expressions, blocks and calls
};

class ChatTemplate {
 public:
  /// Parses `source`. Errors: kInvalid (syntax: line and what was expected), kUnsupported (a
  /// construct outside the subset).
  static Result<std::shared_ptr<const ChatTemplate>> parse(std::string_view source,
                                                           const TemplateLimits& = {});
  virtual ~ChatTemplate() = default;

  struct Options {
    bool add_generation_prompt = true;
    std::string bos_token, eos_token;      // spelled out
    std::string unk_token{}, pad_token{};  // spelled out; undefined in the template where empty
    std::string date = "26 Jul 2024";  // for templates that print today's date through strftime_now
    // further variables, as a JSON object: "tools", "enable_thinking", …
    std::string variables = "{}";
  };
  /// Errors: kInvalid (the template raised an exception, with its message; invalid JSON),
  /// kUnsupported (a construct outside the subset), kResource (a limit was hit).
  virtual Result<RenderedPrompt> render(const std::vector<ChatMessage>&, const Options&) const = 0;
};

}  // namespace ponder
