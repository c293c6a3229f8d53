// The bodies of OpenAI's API as requests, and answers as its bodies: completions, chat completions,
// errors and lists, as servers need them. Nothing here computes or knows HTTP. Where the API says
// nothing, the fields are those of docs/serve.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/session/answer.h"
#include "ponder/session/complete.h"
#include "ponder/session/text_model.h"
#include "ponder/session/think.h"

namespace ponder {

/// The body of POST /v1/completions or /v1/chat/completions.
struct CompletionCall {
  bool chat = false;
  std::vector<PromptRequest> prompts{};  // each is answered by itself; a chat has one
  CompleteRequest settings{};            // of all prompts; its prompt and seed are not set
  std::optional<std::uint64_t> seed{};   // none: whoever answers chooses one
  bool stream = false;
  bool usage = false;  // of a stream: a last chunk with the usage
  // A chat that is searched for: the field "ponder", or a model whose name begins with "think-".
  // Prompt, seed and most tokens are those of the call.
  std::optional<ThinkRequest> think{};
  std::vector<std::string> unread{};  // names of fields that change nothing here
};
/// Errors: kInvalid (no JSON object, wrong types, values out of range), kUnsupported (a field that
/// would change the answer, and that ponder does not have); `where` begins with the field's name.
Result<CompletionCall> parse_completion_call(std::string_view json, int n_vocab);
Result<CompletionCall> parse_chat_call(std::string_view json);

/// What stands in all bodies of an answer.
struct CompletionId {
  std::string id{};
  std::int64_t created = 0;  // seconds since 1970
  std::string model{};       // name
};
/// One answer a prompt.
std::string completion_body(const CompletionCall&, const CompletionId&,
                            std::span<const CompleteAnswer>, const TextModel&);
/// Of the texts of tokens, control tokens left out.
int n_characters(std::span<const PlacedToken>, const TextModel&);
/// The prompt, as what a choice grows by first where it is echoed.
CompletionPiece echo_piece(int choice, std::span<const PlacedToken> prompt, const TextModel&);
/// One chunk of a stream. `prompt`: index among the call's prompts. `placed`: characters of the
/// choice's text before it.
std::string completion_chunk(const CompletionCall&, const CompletionId&, int prompt,
                             const CompletionPiece&, int placed, const TextModel&);
/// The first chunk of each choice of a chat, which names the role.
std::string role_chunk(const CompletionCall&, const CompletionId&, int choice);
/// The last chunk of a choice, and, where it was asked for, the last chunk of all.
std::string finish_chunk(const CompletionCall&, const CompletionId&, int prompt, int choice,
                         bool stopped);
/// Of a search: what it tells on its way, and its end with the whole record beside it.
std::string reasoning_chunk(const CompletionCall&, const CompletionId&, const std::string& text);
std::string think_finish_chunk(const CompletionCall&, const CompletionId&, const ThinkAnswer&,
                               const TextModel&);
std::string think_completion_body(const CompletionCall&, const CompletionId&, const ThinkAnswer&,
                                  const TextModel&);
std::string usage_chunk(const CompletionCall&, const CompletionId&,
                        std::span<const CompleteAnswer>);

/// {"error":{"message","type","param","code"}} of a failure, and the status that HTTP has for it.
struct ApiError {
  int status = 400;
  std::string body{};
};
ApiError api_error(const Error&);
/// An error of the protocol itself.
ApiError api_error(int status, const std::string& message, const std::string& code);

/// {"object":"list","data":[one model]}
std::string models_body(const CompletionId&, int n_ctx);
/// What GET /props of llama.cpp's server tells of a model and its limits; `n_jobs`: requests that
/// are worked on at the same time.
std::string props_body(const CompletionId&, int n_ctx, int n_jobs, const TextModel&);
/// The special tokens and the chat template, as lm-evaluation-harness asks for them.
std::string tokenizer_body(const TextModel&);

/// The body of POST /tokenize: "prompt" with "add_special_tokens", or "content" with "add_special";
/// control tokens that are spelled in the text are read as such.
Result<std::string> tokenize_body(std::string_view json, const TextModel&);
/// The body of POST /detokenize: "tokens".
Result<std::string> detokenize_body(std::string_view json, const TextModel&);

/// The body of POST /v1/answers: the prompt as in request lines (docs/requests.md), and the
/// settings of `ponder answer` (docs/serve.md). Errors: as parse_request.
Result<AnswerRequest> parse_answer_call(std::string_view json, int n_vocab);

/// The body of POST /v1/think: the prompt as in request lines, and the settings of `ponder think`
/// (docs/serve.md). Errors: as parse_answer_call, and those of check_methods.
struct ThinkCall {
  ThinkRequest request{};
  bool stream = false;
};
Result<ThinkCall> parse_think_call(std::string_view json, int n_vocab);
// The data of a search's events.
std::string think_token_event(const std::string& text, double logprob);
/// `seconds`: since the prompt was read.
std::string think_reply_event(const std::string& method, const Reply&, const TextModel&,
                              double seconds);
std::string think_progress_event(const ThinkProgress&);
std::string think_proof_event(const ThinkAnswer&);
/// The answer, with "tokens" beside its reply: the text and log p of each.
std::string think_record(const ThinkAnswer&, const TextModel&);

/// Which of a search's replies are news: the first one, and each likelier one once.
class ReplyNews {
 public:
  void first(const Reply& r) { best_ = r.tokens; }
  bool is_likelier(const ThinkProgress&);

 private:
  std::vector<Token> best_;
};

/// Tells a search as events: token (of the first reply), first, likelier, progress (at most four a
/// second), posterior, proof, done. It must outlive the search.
class ThinkTeller {
 public:
  /// The name of an event and its data, one JSON object.
  using Tell = std::function<void(const std::string& name, const std::string& data)>;
  ThinkTeller(std::shared_ptr<const TextModel> t, Tell tell)
      : text_(t), stream_(std::move(t)), tell_(std::move(tell)) {}
  /// Sets the request's callbacks.
  void listen(ThinkRequest&);
  /// Tells what is known at the end. Returns the whole record (think_record).
  std::string done(const ThinkAnswer&);

 private:
  void progress(const ThinkProgress&);

  std::shared_ptr<const TextModel> text_;
  TextStream stream_;
  Tell tell_;
  ReplyNews news_;
  std::chrono::steady_clock::time_point next_{};
};
/// {"action": "finish"}: all that a client can want of a search that runs. Errors: kInvalid.
Status check_control(std::string_view json);

}  // namespace ponder
