// Bodies of answers of OpenAI's API: completions and chats, whole or as the chunks of a stream, and
// lists of what a server has.
#include <fmt/format.h>

#include <algorithm>

#include "ponder/core/version.h"
#include "ponder/openai.h"
#include "wire/hex.h"
#include "wire/json.h"

namespace ponder {
namespace {

// A token as the API spells it: bytes that are no text by themselves as "bytes:\xe4\xb8".
std::string spelled_token(const TextModel& text, Token v) {
  std::string piece = text.tokenizer().piece(v);
  if (is_utf8(piece)) return piece;
  std::string out = "bytes:";
  for (const char c : piece) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return out;
}

Json maybe_number(const std::optional<double>& x) { return x ? number(*x) : Json(nullptr); }

// Of completions: {"tokens","token_logprobs","top_logprobs","text_offset"}.
Json text_logprobs(std::span<const PlacedToken> tokens, int offset, const TextModel& text) {
  Json j{{"tokens", Json::array()},
         {"token_logprobs", Json::array()},
         {"top_logprobs", Json::array()},
         {"text_offset", Json::array()}};
  for (const PlacedToken& t : tokens) {
    j["tokens"].push_back(spelled_token(text, t.token));
    j["token_logprobs"].push_back(maybe_number(t.logprob));
    Json top = t.logprob ? Json::object() : Json(nullptr);
    // two tokens may be spelled alike; the likelier one comes first
    for (const TokenProb& p : t.top) top.emplace(spelled_token(text, p.token), number(p.logprob));
    j["top_logprobs"].push_back(std::move(top));
    j["text_offset"].push_back(offset);
    offset += n_characters({&t, 1}, text);
  }
  return j;
}

Json chat_token(Token v, const Json& logprob, const TextModel& text) {
  const std::string piece = text.tokenizer().piece(v);
  Json bytes = Json::array();
  for (const char c : piece) bytes.push_back(static_cast<unsigned char>(c));
  return {{"token", spelled_token(text, v)}, {"logprob", logprob}, {"bytes", std::move(bytes)}};
}

// Of chats: {"content":[{"token","logprob","bytes","top_logprobs"}]}.
Json chat_logprobs(std::span<const PlacedToken> tokens, const TextModel& text) {
  Json content = Json::array();
  for (const PlacedToken& t : tokens) {
    Json one = chat_token(t.token, maybe_number(t.logprob), text);
    one["top_logprobs"] = Json::array();
    for (const TokenProb& p : t.top)
      one["top_logprobs"].push_back(chat_token(p.token, number(p.logprob), text));
    content.push_back(std::move(one));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

const char* finish_reason(bool stopped) { return stopped ? "stop" : "length"; }

Json usage_of(std::span<const CompleteAnswer> answers) {
  std::size_t prompt = 0, completion = 0;
  for (const CompleteAnswer& a : answers) {
    prompt += a.prompt.size();
    for (const Completion& c : a.choices) completion += c.tokens.size();
  }
  return {{"prompt_tokens", prompt},
          {"completion_tokens", completion},
          {"total_tokens", prompt + completion}};
}

Json head(const char* object, const CompletionId& id) {
  return {{"id", id.id},
          {"object", object},
          {"created", id.created},
          {"model", id.model},
          {"system_fingerprint", "ponder-" + std::string(kVersion)},
          {"choices", Json::array()}};
}
Json chunk_head(const CompletionCall& call, const CompletionId& id) {
  return head(call.chat ? "chat.completion.chunk" : "text_completion", id);
}

Json text_choice(const CompletionCall& call, const CompleteAnswer& a, const Completion* c,
                 const TextModel& text) {
  CompletionPiece whole;
  if (call.settings.echo) whole = echo_piece(0, a.prompt, text);
  if (c) {
    whole.text += c->text;
    whole.tokens.insert(whole.tokens.end(), c->tokens.begin(), c->tokens.end());
  }
  const bool counted = call.settings.top >= 0;
  return {{"text", std::move(whole.text)},
          {"index", 0},
          {"logprobs", counted ? text_logprobs(whole.tokens, 0, text) : Json(nullptr)},
          {"finish_reason", finish_reason(c && c->stopped)}};
}

Json chat_choice(const CompletionCall& call, const Completion& c, const TextModel& text) {
  return {{"index", 0},
          {"message", {{"role", "assistant"}, {"content", c.text}, {"refusal", nullptr}}},
          {"logprobs", call.settings.top >= 0 ? chat_logprobs(c.tokens, text) : Json(nullptr)},
          {"finish_reason", finish_reason(c.stopped)}};
}

// An echo alone has one choice a prompt.
int number_of(const CompletionCall& call, int prompt, int choice) {
  return prompt * (call.settings.draw ? call.settings.n : 1) + choice;
}

ApiError error_of(int status, const std::string& message, const Json& param, const Json& code) {
  const char* type = status >= 500   ? "server_error"
                     : status == 401 ? "authentication_error"
                     : status == 429 ? "rate_limit_error"
                                     : "invalid_request_error";
  const Json error{{"message", message}, {"type", type}, {"param", param}, {"code", code}};
  return {status, text_of(Json{{"error", error}})};
}

// A chunk of one choice. `what`: its delta in a chat, or its text.
Json chunk(const CompletionCall& call, const CompletionId& id, int index, Json what, Json logprobs,
           Json finish) {
  Json j = chunk_head(call, id);
  j["choices"].push_back({{"index", index},
                          {call.chat ? "delta" : "text", std::move(what)},
                          {"logprobs", std::move(logprobs)},
                          {"finish_reason", std::move(finish)}});
  return j;
}

// The special tokens, the chat template and the size of the vocabulary.
Json tokenizer_json(const TextModel& text) {
  const Tokenizer& t = text.tokenizer();
  const auto piece = [&](const std::optional<Token>& v) {
    return v ? Json(t.piece(*v)) : Json(nullptr);
  };
  Json j{{"bos_token", piece(t.bos())}, {"eos_token", piece(t.eos())}};
  const auto pad = text.file().int_or("tokenizer.ggml.padding_token_id", -1);
  const bool padded = pad.ok() && *pad >= 0 && *pad < t.n_vocab();
  j["pad_token"] = padded ? Json(t.piece(static_cast<Token>(*pad))) : Json(nullptr);
  const auto chat = text.file().string_or("tokenizer.chat_template", "");
  j["chat_template"] = chat.ok() && !chat->empty() ? Json(std::string(*chat)) : Json(nullptr);
  j["n_vocab"] = t.n_vocab();
  return j;
}

}  // namespace

std::string completion_body(const CompletionCall& call, const CompletionId& id,
                            std::span<const CompleteAnswer> answers, const TextModel& text) {
  Json j = head(call.chat ? "chat.completion" : "text_completion", id);
  const auto add = [&](Json choice) {
    choice["index"] = j["choices"].size();
    j["choices"].push_back(std::move(choice));
  };
  for (const CompleteAnswer& a : answers) {
    if (a.choices.empty()) add(text_choice(call, a, nullptr, text));
    for (const Completion& c : a.choices)
      add(call.chat ? chat_choice(call, c, text) : text_choice(call, a, &c, text));
  }
  j["usage"] = usage_of(answers);
  if (call.seed) j["ponder"] = {{"seed", *call.seed}};
  return text_of(j);
}

int n_characters(std::span<const PlacedToken> tokens, const TextModel& text) {
  std::ptrdiff_t n = 0;
  for (const PlacedToken& t : tokens) {
    const std::string piece = text.tokenizer().piece(t.token, false);
    n += std::count_if(piece.begin(), piece.end(), [](char c) { return (c & 0xc0) != 0x80; });
  }
  return static_cast<int>(n);
}

CompletionPiece echo_piece(int choice, std::span<const PlacedToken> prompt, const TextModel& text) {
  std::vector<Token> ids;
  for (const PlacedToken& t : prompt) ids.push_back(t.token);
  return {choice, text.reply_text(ids), {prompt.begin(), prompt.end()}};
}

std::string completion_chunk(const CompletionCall& call, const CompletionId& id, int prompt,
                             const CompletionPiece& p, int placed, const TextModel& text) {
  Json logprobs;
  if (call.settings.top >= 0 && !p.tokens.empty())
    logprobs = call.chat ? chat_logprobs(p.tokens, text) : text_logprobs(p.tokens, placed, text);
  const int index = number_of(call, prompt, p.choice);
  Json what = call.chat ? Json{{"content", p.text}} : Json(p.text);
  return text_of(chunk(call, id, index, std::move(what), std::move(logprobs), nullptr));
}

std::string role_chunk(const CompletionCall& call, const CompletionId& id, int choice) {
  const Json role{{"role", "assistant"}, {"content", ""}};
  return text_of(chunk(call, id, choice, role, nullptr, nullptr));
}

std::string finish_chunk(const CompletionCall& call, const CompletionId& id, int prompt, int choice,
                         bool stopped) {
  Json j = chunk(call, id, number_of(call, prompt, choice), call.chat ? Json::object() : Json(""),
                 nullptr, finish_reason(stopped));
  if (call.seed) j["ponder"] = {{"seed", *call.seed}};
  return text_of(j);
}

std::string usage_chunk(const CompletionCall& call, const CompletionId& id,
                        std::span<const CompleteAnswer> answers) {
  Json j = chunk_head(call, id);
  j["usage"] = usage_of(answers);
  return text_of(j);
}

std::string reasoning_chunk(const CompletionCall& call, const CompletionId& id,
                            const std::string& text) {
  return text_of(chunk(call, id, 0, {{"reasoning_content", text}}, nullptr, nullptr));
}

std::string think_finish_chunk(const CompletionCall& call, const CompletionId& id,
                               const ThinkAnswer& a, const TextModel& text) {
  Json j = chunk(call, id, 0, Json::object(), nullptr, finish_reason(a.best.ended));
  j["ponder"] = think_record_json(a, text);
  return text_of(j);
}

std::string think_completion_body(const CompletionCall& call, const CompletionId& id,
                                  const ThinkAnswer& a, const TextModel& text) {
  Json j = head("chat.completion", id);
  const Completion best{.text = a.best.text, .stopped = a.best.ended};
  j["choices"].push_back(chat_choice(call, best, text));
  j["usage"] = {{"completion_tokens", a.best.tokens.size()}};
  j["ponder"] = think_record_json(a, text);
  return text_of(j);
}

ApiError api_error(int status, const std::string& message, const std::string& code) {
  return error_of(status, message, nullptr, code.empty() ? Json(nullptr) : Json(code));
}

ApiError api_error(const Error& e) {
  const int status = e.code == Code::kNotFound                         ? 404
                     : e.code == Code::kResource                       ? 503
                     : e.code == Code::kIo || e.code == Code::kNumeric ? 500
                                                                       : 400;
  std::string field = e.where;
  std::erase(field, '"');
  const bool named = !field.empty() && field.find_first_of(" ,/") == std::string::npos;
  return error_of(status, e.message(), named ? Json(field) : Json(nullptr), nullptr);
}

std::string models_body(const CompletionId& id, int n_ctx) {
  const auto model = [&](const std::string& name) {
    return Json{{"id", name},
                {"object", "model"},
                {"created", id.created},
                {"owned_by", "ponder"},
                {"max_model_len", n_ctx}};
  };
  return text_of(Json{{"object", "list"}, {"data", {model(id.model), model("think-" + id.model)}}});
}

std::string tokenizer_body(const TextModel& text) { return text_of(tokenizer_json(text)); }

std::string props_body(const CompletionId& id, int n_ctx, int n_jobs, const TextModel& text) {
  const Json tokenizer = tokenizer_json(text);
  Json j{{"default_generation_settings", {{"n_ctx", n_ctx}}},
         {"total_slots", n_jobs},
         {"model_alias", id.model},
         {"model_path", text.file().name()},
         {"modalities", {{"vision", false}, {"audio", false}}},
         {"build_info", "ponder-" + std::string(kVersion)}};
  for (const char* key : {"chat_template", "bos_token", "eos_token"}) j[key] = tokenizer[key];
  return text_of(j);
}

}  // namespace ponder
