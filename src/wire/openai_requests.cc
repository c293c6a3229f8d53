// Bodies of requests of OpenAI's API. A field that would change the answer is obeyed or refused by
// name; names of fields that change nothing here are reported.
#include <algorithm>

#include "ponder/openai.h"
#include "ponder/wire.h"
#include "wire/body.h"
#include "wire/json.h"
#include "wire/requests.h"
#include "wire/task_settings.h"

namespace ponder {
namespace {

constexpr int kMostChoices = 128, kMostTop = 100, kMostTokens = Body::kMostTokens;

// What completions and chats have in common.
Status read_common(Body& b, CompletionCall& call) {
  b.find("user");  // whoever asks
  CompleteRequest& r = call.settings;
  r.decode.temperature = 1;
  PONDER_TRY(read_decode(b, r.decode));
  PONDER_TRY(b.integer("n", 1, kMostChoices, r.n));
  PONDER_TRY(b.texts("stop", r.stop));
  if (std::any_of(r.stop.begin(), r.stop.end(), [](const auto& s) { return s.empty(); }))
    return b.bad("stop", "texts of at least one character");
  if (b.find("seed")) PONDER_TRY(b.seed(call.seed.emplace()));
  PONDER_TRY(b.flag("stream", call.stream));
  if (const Json* options = b.find("stream_options")) {
    if (!options->is_object()) return b.bad("stream_options", "a JSON object");
    const Json usage = options->value("include_usage", Json(false));
    if (!usage.is_boolean()) return b.bad("stream_options", "true or false for include_usage");
    call.usage = usage.get<bool>();
  }
  for (const char* key : {"presence_penalty", "frequency_penalty", "logit_bias"})
    PONDER_TRY(b.unsupported(key));
  return {};
}

// A text, a list of texts, a list of ids, or a list of lists of ids.
Status read_prompts(Body& b, int n_vocab, std::vector<PromptRequest>& out) {
  const Json* j = b.find("prompt");
  if (!j) return invalid("a text or token ids", "none", "prompt");
  const auto one = [&](const Json& x) -> Status {
    if (x.is_string()) {
      out.emplace_back(RawText{.text = x.get<std::string>()});
      return {};
    }
    PONDER_ASSIGN(auto ids, ids_of(x, "prompt", n_vocab));
    out.emplace_back(std::move(ids));
    return {};
  };
  const bool many = j->is_array() && !j->empty() && ((*j)[0].is_string() || (*j)[0].is_array());
  if (!many) return one(*j);
  constexpr std::size_t kMost = 2048;
  if (j->size() > kMost)
    return invalid("at most " + std::to_string(kMost) + " prompts", std::to_string(j->size()),
                   "prompt");
  for (const Json& x : *j) PONDER_TRY(one(x));
  return {};
}

Status read_echo(Body& b, CompleteRequest& r) {
  PONDER_TRY(b.flag("echo", r.echo));
  PONDER_TRY(b.integer("logprobs", 0, kMostTop, r.top));
  r.max_tokens = 16;  // the API's
  PONDER_TRY(b.integer("max_tokens", 0, kMostTokens, r.max_tokens));
  r.draw = r.max_tokens > 0;
  if (!r.draw && !r.echo)
    return b.bad("max_tokens", "at least 1, or 0 with echo for the prompt alone");
  return {};
}

Status read_chat_settings(Body& b, CompleteRequest& r) {
  bool wanted = false;
  int top = 0;
  PONDER_TRY(b.flag("logprobs", wanted));
  PONDER_TRY(b.integer("top_logprobs", 0, kMostTop, top));
  if (top > 0 && !wanted) return b.bad("top_logprobs", "\"logprobs\": true beside it");
  if (wanted) r.top = top;
  PONDER_TRY(b.integer("max_tokens", 1, kMostTokens, r.max_tokens));
  PONDER_TRY(b.integer("max_completion_tokens", 1, kMostTokens, r.max_tokens));
  if (const Json* format = b.find("response_format")) {
    const Json type = format->is_object() ? format->value("type", Json()) : Json();
    if (type != "text")
      return Error{Code::kUnsupported, "\"type\": \"text\"", text_of(*format).substr(0, 60),
                   "response_format", "ask for the form in the prompt"};
  }
  if (const Json* choice = b.find("tool_choice"); choice && *choice != "auto" && *choice != "none")
    return Error{Code::kUnsupported, "\"auto\" or \"none\"", text_of(*choice).substr(0, 60),
                 "tool_choice", ""};
  return {};
}

// The field "ponder", or a model's name that begins with "think-".
Status read_think(Body& b, CompletionCall& call) {
  const Json* model = b.find("model");
  const Json* field = b.find("ponder");
  const bool named =
      model && model->is_string() && model->get_ref<const std::string&>().starts_with("think-");
  if (!named && !field) return {};
  if (call.settings.n > 1 || call.settings.top >= 0)
    return Error{Code::kUnsupported, "one choice without logprobs", "more", "n",
                 "a search has one reply; its record is in \"ponder\""};
  ThinkRequest r;
  r.law.max_length = call.settings.max_tokens;
  r.config.first = call.settings.decode;
  if (!b.find("temperature")) r.config.first.temperature = 0;
  r.budget.seconds = 10;
  r.prompt = call.prompts[0];
  if (field) {
    PONDER_ASSIGN(Body inside, Body::parse(text_of(*field)));
    PONDER_TRY(read_think_settings(inside, r));
    PONDER_TRY(inside.all_read());
  }
  call.think = std::move(r);
  return {};
}

}  // namespace

Result<CompletionCall> parse_completion_call(std::string_view json, int n_vocab) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  CompletionCall call;
  b.find("model");  // there is one
  PONDER_TRY(read_common(b, call));
  PONDER_TRY(read_prompts(b, n_vocab, call.prompts));
  PONDER_TRY(read_echo(b, call.settings));
  PONDER_TRY(b.integer("best_of", 1, kMostChoices, call.settings.best_of));
  PONDER_TRY(b.unsupported("suffix"));
  call.unread = b.unread();
  return call;
}

Result<CompletionCall> parse_chat_call(std::string_view json) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  CompletionCall call{.chat = true};
  PONDER_TRY(read_common(b, call));
  PONDER_TRY(read_chat_settings(b, call.settings));
  for (const char* key : {"messages", "tools", "chat_template_kwargs"}) b.find(key);
  if (!b.json().contains("messages")) return invalid("a list of messages", "none", "messages");
  PONDER_ASSIGN(Conversation c, conversation_of(b.json()));
  call.prompts.emplace_back(std::move(c));
  PONDER_TRY(read_think(b, call));
  call.unread = b.unread();
  return call;
}

Result<std::string> tokenize_body(std::string_view json, const TextModel& text) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  bool special = true, pieces = false;
  PONDER_TRY(b.flag("add_special_tokens", special));
  const Json* content = b.find("prompt");
  if (!content) {
    special = false;
    PONDER_TRY(b.flag("add_special", special));
    content = b.find("content");
  }
  PONDER_TRY(b.flag("with_pieces", pieces));
  if (!content || !content->is_string())
    return invalid("a text", content ? content->type_name() : "none", "prompt");
  const Tokenizer& t = text.tokenizer();
  std::vector<Token> ids = t.encode(content->get<std::string>());
  if (special && t.adds_bos()) ids.insert(ids.begin(), *t.bos());
  Json tokens = Json::array();
  for (const Token v : ids) {
    if (pieces)
      tokens.push_back({{"id", v}, {"piece", t.piece(v)}});
    else
      tokens.push_back(v);
  }
  return text_of(Json{{"tokens", tokens}, {"count", ids.size()}});
}

Result<std::string> detokenize_body(std::string_view json, const TextModel& text) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  const Json* tokens = b.find("tokens");
  if (!tokens) return invalid("a list of token ids", "none", "tokens");
  PONDER_ASSIGN(const auto ids, ids_of(*tokens, "tokens", text.tokenizer().n_vocab()));
  const std::string out = text.tokenizer().decode(ids);
  return text_of(Json{{"content", out}, {"prompt", out}});
}

Result<AnswerRequest> parse_answer_call(std::string_view json, int n_vocab) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  AnswerRequest r;
  PONDER_TRY(read_answer(b, r));
  r.budget.seconds = 30;
  PONDER_TRY(b.integer("max_tokens", 1, kMostTokens, r.law.max_length));
  PONDER_TRY(b.seconds("budget_s", r.budget.seconds));
  PONDER_TRY(b.seed(r.seed));
  PONDER_ASSIGN(r.prompt, b.prompt(n_vocab));
  PONDER_TRY(b.all_read());
  return r;
}

}  // namespace ponder
