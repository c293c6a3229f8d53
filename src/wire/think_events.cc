// Thinking as servers tell it: the request's body, and what happens while a reply is searched for.
#include "ponder/openai.h"
#include "ponder/wire.h"
#include "wire/body.h"
#include "wire/json.h"
#include "wire/task_settings.h"

namespace ponder {

Result<ThinkCall> parse_think_call(std::string_view json, int n_vocab) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  ThinkCall call;
  ThinkRequest& r = call.request;
  r.budget.seconds = 10;
  r.logprobs = true;
  PONDER_TRY(read_think_settings(b, r));
  PONDER_TRY(b.flag("stream", call.stream));
  PONDER_TRY(b.integer("max_tokens", 1, Body::kMostTokens, r.law.max_length));
  PONDER_TRY(b.number("temperature", 0, 1000, r.config.first.temperature));
  PONDER_TRY(b.seed(r.config.first.seed));
  PONDER_ASSIGN(r.prompt, b.prompt(n_vocab));
  PONDER_TRY(b.all_read());
  return call;
}

Status check_control(std::string_view json) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  std::string action;
  PONDER_TRY(b.text("action", action));
  PONDER_TRY(b.all_read());
  if (action != "finish") return invalid("\"finish\"", "\"" + action + "\"", "action");
  return {};
}

std::string think_token_event(const std::string& text, double logprob) {
  return text_of(Json{{"text", text}, {"logprob", number(logprob)}});
}

std::string think_reply_event(const std::string& method, const Reply& r, const TextModel& text,
                              double seconds) {
  return text_of(Json{{"method", method},
                      {"text", text.reply_text(r.tokens)},
                      {"logprob", number(r.logprob)},
                      {"n_tokens", r.tokens.size()},
                      {"ended", r.ended},
                      {"seconds", seconds}});
}

std::string think_progress_event(const ThinkProgress& p) {
  return text_of(Json{{"method", p.method},
                      {"logprob", p.best ? number(p.best->logprob) : Json(nullptr)},
                      {"seconds", p.seconds},
                      {"tokens", p.tokens}});
}

std::string think_proof_event(const ThinkAnswer& a) {
  return text_of(certificate_json(a.result.certificate));
}

bool ReplyNews::is_likelier(const ThinkProgress& p) {
  if (p.method == "first" || !p.best || p.best->tokens == best_) return false;
  best_ = p.best->tokens;
  return true;
}

void ThinkTeller::listen(ThinkRequest& r) {
  r.config.on_first_token = [this](TokenProb v) {
    tell_("token", think_token_event(stream_.add(v.token), v.logprob));
  };
  r.config.on_first = [this](const Reply& x) {
    news_.first(x);
    tell_("first", think_reply_event("first", x, *text_, 0));
  };
  r.config.progress = [this](const ThinkProgress& p) { progress(p); };
}

void ThinkTeller::progress(const ThinkProgress& p) {
  constexpr std::chrono::milliseconds kBetween{250};
  if (p.method == "first") return;
  if (news_.is_likelier(p))
    tell_("likelier", think_reply_event(std::string(p.method), *p.best, *text_, p.seconds));
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kBetween;
  tell_("progress", think_progress_event(p));
}

std::string ThinkTeller::done(const ThinkAnswer& a) {
  if (a.answer) tell_("posterior", to_json(*a.answer));
  tell_("proof", think_proof_event(a));
  std::string record = think_record(a, *text_);
  tell_("done", record);
  return record;
}

std::string think_record(const ThinkAnswer& a, const TextModel& text) {
  return text_of(think_record_json(a, text));
}

Json think_record_json(const ThinkAnswer& a, const TextModel& text) {
  Json j = think_json(a);
  j["tokens"] = Json::array();
  TextStream stream(text.shared_from_this());
  for (std::size_t i = 0; i < a.best_logprobs.size(); ++i)
    j["tokens"].push_back(
        {{"text", stream.add(a.best.tokens[i])}, {"logprob", number(a.best_logprobs[i])}});
  return j;
}

}  // namespace ponder
