// Typed questions: the body of POST /v1/decisions to a request, and the answer to what that
// returns. Fields that others do not have: docs/requests.md.
#include <algorithm>

#include "ponder/core/spelling.h"
#include "ponder/wire.h"
#include "wire/fields.h"
#include "wire/json.h"

namespace ponder {
namespace {

std::string got(const Json& j) { return text_of(j).substr(0, 60); }

Result<std::string> text_in(const Fields& f, const Json& j, const std::string& key) {
  if (!j.contains(key)) return f.bad("\"" + key + "\"", "none");
  if (!j[key].is_string()) return f.bad("a text for \"" + key + "\"", got(j[key]));
  return j[key].get<std::string>();
}

// A text, or a list of parts that are texts.
Result<std::string> content_of(const Fields& f, const Json& j) {
  if (j.is_string()) return j.get<std::string>();
  if (!j.is_array()) return f.bad("a text or a list of texts", got(j));
  std::string text;
  for (const Json& part : j) {
    const Json type = part.is_object() ? part.value("type", Json()) : Json();
    if (type != "input_text" && type != "text" && type != "output_text")
      return f.bad("content of type input_text", got(part), "a model here sees no pictures");
    PONDER_ASSIGN(const std::string more, text_in(f, part, "text"));
    text += more;
  }
  return text;
}

Result<ChatMessage> input_message(const Json& j, std::size_t i) {
  const Fields f{.where = "\"input\", message " + std::to_string(i)};
  if (!j.is_object() || !j.contains("role") || !j.contains("content"))
    return f.bad("a message with role and content", got(j));
  PONDER_TRY(f.check_keys(j, {"type", "role", "content", "id", "status"}));
  if (j.value("type", Json("message")) != "message")
    return f.bad("an item of type message", got(j["type"]));
  PONDER_ASSIGN(std::string role, text_in(f, j, "role"));
  const std::vector<std::string> roles{"user", "assistant", "system", "developer"};
  if (std::find(roles.begin(), roles.end(), role) == roles.end())
    return f.bad("one of the roles user, assistant, system, developer", "\"" + role + "\"",
                 did_you_mean(role, roles, 3));
  if (role == "developer") role = "system";  // what the templates of open models know it as
  PONDER_ASSIGN(std::string content, content_of(f, j["content"]));
  return ChatMessage{std::move(role), std::move(content)};
}

Result<Conversation> input_of(const Json& j) {
  const Fields f{.where = "\"input\""};
  if (j.is_string()) return Conversation::ask(j.get<std::string>());
  if (!j.is_array() || j.empty()) return f.bad("a text or a list of messages", got(j));
  Conversation c;
  for (std::size_t i = 0; i < j.size(); ++i) {
    PONDER_ASSIGN(ChatMessage m, input_message(j[i], i));
    c.messages.push_back(std::move(m));
  }
  return c;
}

// {"value": text or boolean, …} of a choice; {"label": text, …} of a level.
Result<DecideLabel> label_of(const Fields& f, const Json& j, bool level) {
  const std::string key = level ? "label" : "value";
  if (!j.is_object()) return f.bad("an object with \"" + key + "\"", got(j));
  PONDER_TRY(
      f.check_keys(j, level ? std::vector<std::string>{"label", "description", "value", "spellings"}
                            : std::vector<std::string>{"value", "description", "spellings"}));
  DecideLabel l;
  if (!level && j.contains("value") && j["value"].is_boolean()) {
    l.boolean = true;
    l.text = j["value"].get<bool>() ? "true" : "false";
  } else {
    PONDER_ASSIGN(l.text, text_in(f, j, key));
  }
  if (j.contains("description") && !j["description"].is_null()) {
    PONDER_ASSIGN(l.description, text_in(f, j, "description"));
  }
  if (level && j.contains("value")) {
    PONDER_ASSIGN(l.value, f.number_in(j, "value", 0));
  }
  if (j.contains("spellings")) {
    if (!j["spellings"].is_array()) return f.bad("a list for \"spellings\"", got(j["spellings"]));
    for (const Json& s : j["spellings"]) {
      if (!s.is_string() || s.get_ref<const std::string&>().empty())
        return f.bad("texts in \"spellings\"", got(s));
      l.spellings.push_back(s.get<std::string>());
    }
  }
  return l;
}

Result<std::vector<DecideLabel>> labels_of(const Fields& f, const Json& j, bool level) {
  const std::string key = level ? "levels" : "choices";
  if (!j.contains(key)) return f.bad("\"" + key + "\"", "none");
  if (!j[key].is_array()) return f.bad("a list for \"" + key + "\"", got(j[key]));
  std::vector<DecideLabel> labels;
  for (std::size_t i = 0; i < j[key].size(); ++i) {
    const Fields inside{.where = f.where + ", " + key + " " + std::to_string(i)};
    PONDER_ASSIGN(DecideLabel l, label_of(inside, j[key][i], level));
    labels.push_back(std::move(l));
  }
  return labels;
}

Result<DecideQuestion> question_of(const Json& j, std::size_t i) {
  const Fields f{.where = "question " + std::to_string(i)};
  if (!j.is_object()) return f.bad("an object", got(j));
  PONDER_ASSIGN(const std::string type, text_in(f, j, "type"));
  DecideQuestion q;
  if (type == "predicate") {
    PONDER_TRY(f.check_keys(j, {"type", "name", "instructions"}));
  } else if (type == "choice") {
    q.kind = DecideKind::kChoice;
    PONDER_TRY(f.check_keys(j, {"type", "name", "instructions", "choices"}));
    PONDER_ASSIGN(q.labels, labels_of(f, j, false));
  } else if (type == "score") {
    q.kind = DecideKind::kScore;
    PONDER_TRY(f.check_keys(j, {"type", "name", "instructions", "levels"}));
    PONDER_ASSIGN(q.labels, labels_of(f, j, true));
  } else {
    return f.bad("\"type\" predicate, choice or score", "\"" + type.substr(0, 40) + "\"",
                 did_you_mean(type, {"predicate", "choice", "score"}, 3));
  }
  if (j.contains("name") && !j["name"].is_null()) {
    PONDER_ASSIGN(q.name, text_in(f, j, "name"));
  }
  if (!j.contains("instructions")) return f.bad("\"instructions\"", "none");
  PONDER_ASSIGN(q.instructions, content_of(f, j["instructions"]));
  return q;
}

// "prior": true, or the text to ask about; "orders", "listed".
Status read_options(const Json& j, DecideRequest& r) {
  const Fields f{.where = "request"};
  if (j.contains("prior")) {
    const Json& prior = j["prior"];
    if (!prior.is_boolean() && !prior.is_string())
      return f.bad("true, false or a text for \"prior\"", got(prior));
    if (prior.is_string()) r.neutral = prior.get<std::string>();
    if (prior == true) r.neutral = kNeutralText;
  }
  const auto read_flag = [&](const char* key, bool& flag) -> Status {
    if (!j.contains(key)) return {};
    if (!j[key].is_boolean())
      return f.bad("true or false for \"" + std::string(key) + "\"", got(j[key]));
    flag = j[key].get<bool>();
    return {};
  };
  PONDER_TRY(read_flag("orders", r.orders));
  PONDER_TRY(read_flag("listed", r.listed));
  if (j.contains("chat_template_kwargs")) {
    if (!j["chat_template_kwargs"].is_object())
      return f.bad("an object for \"chat_template_kwargs\"", got(j["chat_template_kwargs"]));
    r.input.variables = j["chat_template_kwargs"].dump();
  }
  return {};
}

Json name_json(const DecideQuestion& q) { return q.name ? Json(*q.name) : Json(nullptr); }

Json value_json(const DecideLabel& l) { return l.boolean ? Json(l.text == "true") : Json(l.text); }

Json answer_json(const DecidedQuestion& d) {
  const DecideQuestion& q = d.question;
  Json j{{"type", to_string(q.kind)}, {"name", name_json(q)}};
  if (q.kind == DecideKind::kPredicate) {
    j["probability"] = d.probabilities[0];
  } else {
    const bool score = q.kind == DecideKind::kScore;
    j[score ? "score" : "choice"] = score ? Json(d.mean) : value_json(q.labels[d.best]);
    j["confidence"] = d.probabilities[d.best];
    j["probabilities"] = Json::array();
    for (std::size_t i = 0; i < q.labels.size(); ++i) {
      const DecideLabel& l = q.labels[i];
      Json p =
          score ? Json{{"value", *l.value}, {"label", l.text}} : Json{{"value", value_json(l)}};
      p["probability"] = d.probabilities[i];
      j["probabilities"].push_back(std::move(p));
    }
    if (score) {
      j["deviation"] = d.deviation;
      j["interval"] = {d.lower, d.upper};
    }
  }
  j["mass"] = d.mass;
  if (!d.prior.empty()) j["prior"] = d.prior;
  if (!d.letter_bias.empty()) j["letter_bias"] = d.letter_bias;
  return j;
}

}  // namespace

Result<DecideRequest> parse_decide_request(std::string_view text) {
  const Fields f{.where = "request"};
  if (text.find_first_not_of(" \t\r") == std::string::npos)
    return Error{Code::kInvalid, "a JSON object", "an empty line", "", ""};
  PONDER_ASSIGN(const Json j, parse_json(text, f.bad("a JSON object", ""), "request"));
  if (!j.is_object()) return f.bad("a JSON object", j.type_name());
  PONDER_TRY(f.check_keys(j, {"input", "questions", "prior", "orders", "listed",
                              "chat_template_kwargs", "model", "safety_identifier"}));
  DecideRequest r;
  if (!j.contains("input")) return f.bad("\"input\"", "none");
  PONDER_ASSIGN(r.input, input_of(j["input"]));
  if (!j.contains("questions")) return f.bad("\"questions\"", "none");
  if (!j["questions"].is_array()) return f.bad("a list of questions", got(j["questions"]));
  for (std::size_t i = 0; i < j["questions"].size(); ++i) {
    PONDER_ASSIGN(DecideQuestion q, question_of(j["questions"][i], i));
    r.questions.push_back(std::move(q));
  }
  PONDER_TRY(read_options(j, r));
  return r;
}

std::string to_json(const DecideAnswer& a) {
  Json j{{"model", a.model}, {"answers", Json::array()}};
  for (const DecidedQuestion& d : a.questions) j["answers"].push_back(answer_json(d));
  j["usage"] = {
      {"input_tokens", a.input_tokens}, {"output_tokens", 0}, {"total_tokens", a.input_tokens}};
  if (!a.notes.empty()) j["notes"] = a.notes;
  return text_of(j);
}

}  // namespace ponder
