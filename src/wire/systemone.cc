// Typed questions in the System One format: the body of POST /v1/systemone to the same request that
// /v1/decisions makes, and its answer to the format's. Not how questions are answered (decide.cc of
// the session). docs/serve.md names the fields.
#include <algorithm>

#include "ponder/core/spelling.h"
#include "ponder/wire.h"
#include "wire/fields.h"
#include "wire/json.h"

namespace ponder {
namespace {

// A text as it is; an object or a list as its JSON text; nothing for null.
Result<std::string> content_at(const Fields& f, const Json& j, const std::string& key) {
  const auto at = j.find(key);
  if (at == j.end() || at->is_null()) return std::string();
  if (at->is_string()) return at->get<std::string>();
  if (at->is_structured()) return text_of(*at);
  return f.bad("a text, an object or a list for \"" + key + "\"", text_of(*at).substr(0, 60));
}

Result<const Json*> criteria_of(const Fields& f, const Json& j, bool list) {
  const auto at = j.find("criteria");
  if (at == j.end()) return f.bad("\"criteria\"", "none");
  if (list ? at->is_array() : at->is_object()) return &*at;
  return f.bad(list ? "a list for \"criteria\"" : "an object for \"criteria\"",
               text_of(*at).substr(0, 60));
}

// Yes or no. What makes it so may be described, and then need not be asked for.
Status read_noul(const Fields& f, const Json& j, DecideQuestion& q) {
  if (j.contains("criteria") && !j["criteria"].is_null()) {
    PONDER_ASSIGN(const Json* criteria, criteria_of(f, j, false));
    PONDER_TRY(f.check_keys(*criteria, {"true", "false"}));
    q.labels = {{.text = "Yes"}, {.text = "No"}};
    PONDER_ASSIGN(q.labels[0].description, content_at(f, *criteria, "true"));
    PONDER_ASSIGN(q.labels[1].description, content_at(f, *criteria, "false"));
  }
  if (!q.instructions.empty()) return {};
  if (q.labels.empty() || (q.labels[0].description + q.labels[1].description).empty())
    return f.bad("\"instructions\", or \"criteria\" that describe an outcome", "neither");
  q.instructions = "Which is the case?";
  return {};
}

Status read_choice(const Fields& f, const Json& j, DecideQuestion& q) {
  q.kind = DecideKind::kChoice;
  PONDER_ASSIGN(const Json* criteria, criteria_of(f, j, false));
  for (const auto& [label, description] : criteria->items()) {
    q.labels.push_back({.text = label});
    PONDER_ASSIGN(q.labels.back().description, content_at(f, *criteria, label));
  }
  if (q.instructions.empty()) q.instructions = kAskChoice;
  return {};
}

Status read_score(const Fields& f, const Json& j, DecideQuestion& q) {
  q.kind = DecideKind::kScore;
  PONDER_ASSIGN(const Json* criteria, criteria_of(f, j, true));
  for (const Json& level : *criteria) {
    PONDER_ASSIGN(std::string text, content_at(f, Json{{"level", level}}, "level"));
    q.labels.push_back({.text = std::move(text)});
  }
  if (q.instructions.empty()) q.instructions = kAskScore;
  return {};
}

Result<DecideQuestion> question_of(const std::string& name, const Json& j) {
  const Fields f{.where = "question \"" + name.substr(0, 60) + "\""};
  if (!j.is_object()) return f.bad("an object", text_of(j).substr(0, 60));
  PONDER_TRY(f.check_keys(j, {"type", "instructions", "criteria"}));
  PONDER_ASSIGN(const std::string type, f.text(j, "type"));
  DecideQuestion q{.name = name};
  PONDER_ASSIGN(q.instructions, content_at(f, j, "instructions"));
  if (type == "noul")
    PONDER_TRY(read_noul(f, j, q));
  else if (type == "choice")
    PONDER_TRY(read_choice(f, j, q));
  else if (type == "score")
    PONDER_TRY(read_score(f, j, q));
  else
    return f.bad("\"type\" noul, choice or score", "\"" + type.substr(0, 40) + "\"",
                 did_you_mean(type, {"noul", "choice", "score"}, 3));
  return q;
}

// 1 when one option has all of the mass, 0 when all have the same: the format's definition.
double confidence(const DecidedQuestion& d) {
  const auto n = static_cast<double>(d.probabilities.size());
  return std::clamp((n * d.probabilities[d.best] - 1) / (n - 1), 0.0, 1.0);
}

Json answer_json(const DecidedQuestion& d) {
  const DecideQuestion& q = d.question;
  if (q.kind == DecideKind::kPredicate)
    return {{"type", "noul"}, {"noul", d.probabilities[0]}, {"mass", d.mass}};
  const bool score = q.kind == DecideKind::kScore;
  Json j{{"type", score ? "score" : "choice"}};
  Json probabilities = Json::object(), legend = Json::object();
  for (std::size_t i = 0; i < q.labels.size(); ++i) {
    probabilities[score ? std::to_string(i) : q.labels[i].text] = d.probabilities[i];
    legend[std::to_string(i)] = q.labels[i].text;
  }
  if (score) {
    j["score"] = d.mean;
    j["legend"] = std::move(legend);
  } else {
    j["choice"] = q.labels[d.best].text;
  }
  j["confidence"] = confidence(d);
  j["probabilities"] = std::move(probabilities);
  j["mass"] = d.mass;
  return j;
}

}  // namespace

Result<DecideRequest> parse_systemone_request(std::string_view json) {
  const Fields f{.where = "request"};
  PONDER_ASSIGN(const Json j, parse_json(json, f.bad("a JSON object", ""), "request"));
  if (!j.is_object()) return f.bad("a JSON object", j.type_name());
  PONDER_TRY(f.check_keys(j, {"state", "questions", "model"}));
  PONDER_ASSIGN(const std::string state, content_at(f, j, "state"));
  if (state.empty()) return f.bad("\"state\"", "none");
  DecideRequest r{.input = Conversation::ask(state)};
  if (!j.contains("questions") || !j["questions"].is_object() || j["questions"].empty())
    return f.bad("\"questions\", an object of questions by name",
                 j.contains("questions") ? text_of(j["questions"]).substr(0, 60) : "none");
  for (const auto& [name, question] : j["questions"].items()) {
    PONDER_ASSIGN(DecideQuestion q, question_of(name, question));
    r.questions.push_back(std::move(q));
  }
  return r;
}

std::string systemone_json(const DecideAnswer& a) {
  Json answers = Json::object();
  for (const DecidedQuestion& d : a.questions)
    answers[d.question.name.value_or("")] = answer_json(d);
  Json j{{"model", a.model},
         {"answers", std::move(answers)},
         {"usage", {{"input_tokens", a.input_tokens}, {"output_tokens", 0}}}};
  if (!a.notes.empty()) j["notes"] = a.notes;
  return text_of(j);
}

}  // namespace ponder
