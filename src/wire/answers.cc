// JSON of the answers that have no file of their own here, and the keys that answers share.
#include <cmath>

#include "ponder/core/version.h"
#include "ponder/wire.h"
#include "wire/hex.h"
#include "wire/json.h"

namespace ponder {
namespace {

// The name of the claim. A claim about replies of at least `shortest` tokens has a name of its own.
std::string claim_name(const Certificate& c) {
  std::string claim(to_string(c.claim));
  if (c.shortest <= 1) return claim;
  return c.claim == Certificate::Claim::kAnyLength ? "like-length" : "like-length-" + claim;
}

Json error_json(int line, const std::string& message) {
  return {{"error", {{"line", line}, {"message", message}}}};
}

}  // namespace

Json number(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

Json cost_json(const Cost& c, double seconds) {
  return {{"tokens_decoded", c.tokens_decoded},
          {"tokens_scored", c.tokens_scored},
          {"tokens_backward", c.tokens_backward},
          {"seconds", seconds}};
}

Json certificate_json(const Certificate& c) {
  return {{"status", to_string(c.status)}, {"claim", claim_name(c)}, {"gap", number(c.gap)},
          {"margin", number(c.margin)},    {"horizon", c.horizon},   {"shortest", c.shortest},
          {"expanded", c.expanded}};
}

Json reply_json(const SpelledReply& r) {
  return {{"reply", r.text},         {"reply_ids", r.tokens},
          {"logprob", r.logprob},    {"n_tokens", r.tokens.size()},
          {"ended", r.ended},        {"repetition", r.repetition},
          {"canonical", r.canonical}};
}

Json short_json(const SpelledReply& r) {
  return {{"reply", r.text}, {"reply_ids", r.tokens}, {"logprob", r.logprob}};
}

void add_run(Json& j, const RunRecord& r) {
  j["target"] = to_string(r.target);
  j["cost"] = cost_json(r.cost, r.seconds);
  j["seed"] = r.seed;
  j["precision"] = to_string(r.precision);
  j["model"] = {{"file", r.model->name()}, {"sha256", r.model->sha256().substr(0, 16)}};
  j["version"] = kVersion;
}

void add_notes(Json& j, const Answer& a) {
  if (!a.notes.empty()) j["notes"] = a.notes;
}

std::string quoted_json(const std::string& s) { return text_of(Json(s)); }

std::string ids_json(std::span<const Token> ids) {
  return text_of({{"ids", std::vector<Token>(ids.begin(), ids.end())}});
}

std::string text_json(const std::string& s) {
  Json j{{"text", s}};
  if (!is_utf8(s)) j["hex"] = to_hex(s);
  return text_of(j);
}

std::string error_line(int line, const std::string& message) {
  return text_of(error_json(line, message));
}

std::string to_json(const Prompt& p) {
  return text_of({{"rendered", p.rendered}, {"prompt_ids", p.ids}});
}

std::string to_json(const ScoreAnswer& a) {
  Json j{
      {"prompt_ids", a.prompt}, {"reply_ids", a.reply}, {"logprobs", a.logprobs}, {"sum", a.sum}};
  if (a.alpha > 0) j["lz"] = a.lz;
  if (a.k > 0)
    j["pseudo"] = {{"k", a.k},
                   {"logprobs", a.pseudo.logprobs},
                   {"sum", a.pseudo.sum},
                   {"candidates", a.pseudo.candidates}};
  return text_of(j);
}

std::string to_json(const GradientAnswer& a, const std::string& file) {
  return text_of({{"value", a.value}, {"file", file}});
}

std::string to_json(std::span<const CheckedGradient> lines, const GradientCheck::Errors& limits,
                    int directions, bool pass) {
  const auto put = [](Json& to, const GradientCheck::Errors& e) {
    if (e.differences) to["differences"] = *e.differences;
    if (e.reference) to["reference"] = *e.reference;
  };
  Json j{{"pass", pass}, {"directions", directions}, {"limits", Json::object()}};
  put(j["limits"], limits);
  j["lines"] = Json::array();
  for (const CheckedGradient& line : lines) {
    if (!line.errors.ok()) {
      j["lines"].push_back(error_json(line.number, line.errors.error().message()));
      continue;
    }
    j["lines"].push_back({{"line", line.number}});
    put(j["lines"].back(), *line.errors);
  }
  return text_of(j);
}

std::string to_json(const GenerateAnswer& a) {
  Json j = reply_json(a.reply);
  add_run(j, a.run);
  add_notes(j, a);
  if (!a.replies.empty()) {
    j["replies"] = Json::array();
    for (const SpelledReply& r : a.replies) {
      j["replies"].push_back(short_json(r));
      j["replies"].back()["ended"] = r.ended;
    }
  }
  return text_of(j);
}

Json think_json(const ThinkAnswer& a) {
  const ThinkResult& r = a.result;
  Json j = reply_json(a.best);
  add_run(j, a.run);
  j["first"] = reply_json(a.first);
  j["gain"] = r.gain ? Json(*r.gain) : Json(nullptr);
  j["also"] = a.also ? reply_json(*a.also) : Json(nullptr);
  if (a.also) j["also"]["proved"] = r.also_proved;
  j["methods"] = Json::array();
  for (const ThinkMethod& m : r.methods) {
    j["methods"].push_back({{"name", m.name},
                            {"best", m.found ? Json(m.best) : Json(nullptr)},
                            {"cost", cost_json(m.cost, m.seconds)}});
    if (m.gap) j["methods"].back()["gap"] = *m.gap;
  }
  j["certificate"] = certificate_json(r.certificate);
  j["trace"] = Json::array();
  for (const ThinkPoint& p : r.trace)
    j["trace"].push_back({{"seconds", p.seconds}, {"tfe", p.tokens}, {"logprob", p.logprob}});
  j["answer"] = a.answer ? answer_json(*a.answer) : Json(nullptr);
  j["notes"] = a.notes;
  return j;
}

std::string to_json(const ThinkAnswer& a) { return text_of(think_json(a)); }

std::string to_json(const ProveAnswer& a) {
  // If no reply is known, writes an empty reply with an unknown log-probability.
  SpelledReply best;
  best.canonical = true;
  if (!a.replies.empty()) best = a.replies[0];
  Json j = reply_json(best);
  if (a.replies.empty()) j["logprob"] = nullptr;
  add_run(j, a.run);
  j["certificate"] = certificate_json(a.certificate);
  j["n_best"] = Json::array();
  for (const auto& x : a.replies) {
    j["n_best"].push_back(short_json(x));
    if (a.by_worth) j["n_best"].back()["worth"] = x.worth;
  }
  j["mass"] = a.certificate.mass_kept;
  j["tie"] = a.certificate.tie;
  if (a.per_length) {
    j["per_length"] = Json::array();
    for (const auto& x : *a.per_length) {
      j["per_length"].push_back(short_json(x));
      j["per_length"].back()["gap"] = number(x.gap);
    }
  }
  add_notes(j, a);
  return text_of(j);
}

std::string to_json(const CheckAnswer& a) {
  return text_of({{"valid", a.result.valid},
                  {"completed", a.result.completed},
                  {"why", a.result.why},
                  {"prefixes", a.result.n_prefixes},
                  {"tolerance", a.tolerance},
                  {"certificate", certificate_json(a.statement.certificate)}});
}

}  // namespace ponder
