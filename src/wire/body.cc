// Body: one function per type of field.
#include "wire/body.h"

#include <cmath>

#include "ponder/wire.h"
#include "wire/fields.h"

namespace ponder {

Result<Body> Body::parse(std::string_view text) {
  PONDER_ASSIGN(Json j, parse_json(text, invalid("a JSON object", "", ""), "body"));
  if (!j.is_object()) return invalid("a JSON object", j.type_name(), "body");
  return Body(std::move(j));
}

const Json* Body::find(const std::string& key) {
  read_.insert(key);
  const auto at = json_.find(key);
  return at == json_.end() || at->is_null() ? nullptr : &*at;
}

Error Body::bad(const std::string& key, const std::string& expected) const {
  return invalid(expected, text_of(json_.at(key)).substr(0, 60), key);
}

Status Body::number(const std::string& key, double low, double high, double& out) {
  const Json* j = find(key);
  if (!j) return {};
  const bool good = j->is_number() && j->get<double>() >= low && j->get<double>() <= high;
  if (!good) return bad(key, "a number from " + shown(low) + " to " + shown(high));
  out = j->get<double>();
  return {};
}

Status Body::integer(const std::string& key, int low, int high, int& out) {
  double v = out;
  const Json* j = find(key);
  if (!j) return {};
  if (!number(key, low, high, v).ok() || v != std::floor(v))
    return bad(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  out = static_cast<int>(v);
  return {};
}

Status Body::seconds(const std::string& key, double& out) { return number(key, 1e-3, 86400, out); }

Status Body::seed(std::uint64_t& out) {
  const Json* j = find("seed");
  if (!j) return {};
  if (!j->is_number_integer()) return bad("seed", "a whole number");
  out = j->get<std::uint64_t>();
  return {};
}

Status Body::flag(const std::string& key, bool& out) {
  const Json* j = find(key);
  if (!j) return {};
  if (!j->is_boolean()) return bad(key, "true or false");
  out = j->get<bool>();
  return {};
}

Status Body::text(const std::string& key, std::string& out) {
  const Json* j = find(key);
  if (!j) return {};
  if (!j->is_string()) return bad(key, "a text");
  out = j->get<std::string>();
  return {};
}

Status Body::texts(const std::string& key, std::vector<std::string>& out) {
  const Json* j = find(key);
  if (!j) return {};
  const Json list = j->is_array() ? *j : Json::array({*j});
  for (const Json& x : list) {
    if (!x.is_string()) return bad(key, "a text or a list of texts");
    out.push_back(x.get<std::string>());
  }
  return {};
}

Result<PromptRequest> Body::prompt(int n_vocab) {
  Json line = Json::object();
  for (const char* key :
       {"messages", "question", "system", "prompt", "prompt_ids", "tools", "chat_template_kwargs"})
    if (const Json* j = find(key)) line[key] = *j;
  find("model");  // whatever it is called: a server has one
  PONDER_ASSIGN(const RequestLine request, parse_request(text_of(line), n_vocab));
  return prompt_of(request);
}

Status Body::unsupported(const std::string& key) {
  const Json* j = find(key);
  const bool nothing = !j || *j == 0 || *j == false ||
                       (j->is_string() && j->get_ref<const std::string&>().empty()) ||
                       (j->is_structured() && j->empty());
  if (nothing) return {};
  return Error{Code::kUnsupported, "no " + key, text_of(*j).substr(0, 60), key,
               "it would change the answer, and ponder does not have it"};
}

std::vector<std::string> Body::unread() const {
  std::vector<std::string> names;
  for (const auto& [key, value] : json_.items())
    if (!read_.contains(key)) names.push_back(key.substr(0, 40));
  return names;
}

Status Body::all_read() const {
  const auto names = unread();
  if (names.empty()) return {};
  return invalid("a known field", names[0], "body", "docs/serve.md lists them");
}

}  // namespace ponder
