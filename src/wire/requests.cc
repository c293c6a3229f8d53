// Reads requests from JSON. Every key must be known and have the right type, and keys must not
// contradict one another.
#include <algorithm>

#include "ponder/core/spelling.h"
#include "ponder/wire.h"
#include "wire/hex.h"
#include "wire/json.h"
#include "wire/requests.h"

namespace ponder {
namespace {

// The keys of all tasks together, since one file of requests may serve several tasks.
const std::vector<std::string> kKeys{"messages",   "tools",      "chat_template_kwargs",
                                     "question",   "system",     "prompt",
                                     "prompt_ids", "reply",      "reply_ids",
                                     "end",        "text",       "hex",
                                     "ids",        "candidates", "weights"};

std::string quoted(const std::string& key) { return "\"" + key + "\""; }

Result<std::string> string_of(const Json& j, const std::string& key) {
  if (!j.is_string()) return invalid("a string", j.type_name(), quoted(key));
  return j.get<std::string>();
}

Error bad_message(const std::string& expected, const Json& got) {
  return invalid(expected, text_of(got).substr(0, 60), "\"messages\"");
}

// Content may be a text, a list of texts, or, besides tool calls, nothing. Pictures and sound are
// refused, since models here cannot read them.
Status check_content(const Json& message) {
  const auto content = message.find("content");
  const bool none = content == message.end() || content->is_null();
  if (none ? message.contains("tool_calls") : content->is_string()) return {};
  if (none || !content->is_array()) return bad_message("messages with role and content", message);
  for (const Json& part : *content)
    if (!part.is_object() || part.value("type", Json()) != "text")
      return bad_message("content of type text", part);
  return {};
}

Result<ChatMessage> message_of(const Json& j) {
  if (!j.is_object() || !j.contains("role"))
    return bad_message("messages with role and content", j);
  PONDER_TRY(check_content(j));
  PONDER_ASSIGN(std::string role, string_of(j["role"], "role"));
  ChatMessage m{std::move(role), ""};
  const bool text = j.contains("content") && j["content"].is_string();
  if (text) m.content = j["content"].get<std::string>();
  if (!text || j.size() > 2) m.json = j.dump();
  return m;
}

Result<std::vector<ChatMessage>> messages_of(const Json& j) {
  if (!j.is_array() || j.empty())
    return invalid("a list of messages", j.is_array() ? "an empty one" : j.type_name(),
                   "\"messages\"");
  std::vector<ChatMessage> all;
  for (const Json& x : j) {
    PONDER_ASSIGN(ChatMessage m, message_of(x));
    all.push_back(std::move(m));
  }
  return all;
}

// The variables for the chat template besides the messages, as a JSON object.
Result<std::string> variables_of(const Json& j) {
  Json v = Json::object();
  if (const auto kwargs = j.find("chat_template_kwargs"); kwargs != j.end()) {
    if (!kwargs->is_object())
      return invalid("a JSON object", kwargs->type_name(), "\"chat_template_kwargs\"");
    v = *kwargs;
    for (const char* key : {"messages", "tools"})
      if (v.contains(key))
        return invalid(quoted(key) + " beside it", "inside", "\"chat_template_kwargs\"");
  }
  if (const auto tools = j.find("tools"); tools != j.end()) {
    if (!tools->is_array() && !tools->is_null())
      return invalid("a list of tools", tools->type_name(), "\"tools\"");
    v["tools"] = *tools;
  }
  return v.dump();
}

Status check_keys(const Json& j) {
  for (const auto& [key, value] : j.items()) {
    if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) continue;
    const std::string near = nearest(key, kKeys, 2);
    std::string hint = "did you mean \"" + near + "\"?";
    if (near.empty()) {
      hint = "known:";
      for (const std::string& k : kKeys) hint += " " + k;
    }
    return Error{Code::kInvalid, "a known key", quoted(key.substr(0, 40)), "request", hint};
  }
  const auto count = [&](std::initializer_list<const char*> keys) {
    return std::count_if(keys.begin(), keys.end(), [&](const char* k) { return j.contains(k); });
  };
  if (count({"messages", "question", "prompt", "prompt_ids"}) > 1)
    return invalid("exactly one of \"messages\", \"question\", \"prompt\", \"prompt_ids\"",
                   "several", "request");
  if (count({"reply", "reply_ids"}) > 1)
    return invalid("one of \"reply\", \"reply_ids\"", "both", "request");
  if (count({"text", "hex"}) > 1) return invalid("one of \"text\", \"hex\"", "both", "request");
  if (j.contains("system") && !j.contains("question"))
    return invalid("\"system\" beside \"question\" only", "it without", "request");
  for (const char* key : {"tools", "chat_template_kwargs"})
    if (j.contains(key) && count({"messages", "question"}) == 0)
      return invalid(quoted(key) + " beside \"messages\" or \"question\"", "it without", "request");
  return {};
}

Status read_prompt(const Json& j, int n_vocab, std::optional<PromptRequest>& out) {
  if (j.contains("messages") || j.contains("question")) {
    PONDER_ASSIGN(out, conversation_of(j));
  } else if (j.contains("prompt")) {
    PONDER_ASSIGN(std::string text, string_of(j["prompt"], "prompt"));
    out = RawText{.text = std::move(text), .intended = false};
  } else if (j.contains("prompt_ids")) {
    PONDER_ASSIGN(out, ids_of(j["prompt_ids"], "\"prompt_ids\"", n_vocab));
  }
  return {};
}

Status read_reply(const Json& j, int n_vocab, std::optional<ReplyRequest>& out) {
  if (j.contains("reply")) {
    PONDER_ASSIGN(std::string text, string_of(j["reply"], "reply"));
    out = ReplyRequest{.reply = std::move(text)};
  } else if (j.contains("reply_ids")) {
    PONDER_ASSIGN(auto ids, ids_of(j["reply_ids"], "\"reply_ids\"", n_vocab));
    out = ReplyRequest{.reply = std::move(ids)};
  }
  if (!j.contains("end")) return {};
  if (!j["end"].is_boolean()) return invalid("true or false", j["end"].type_name(), "\"end\"");
  if (out) out->end = j["end"].get<bool>();
  return {};
}

// Reads "candidates": [[…]] and "weights": [[…]], both (n, m).
Status read_relaxed(const Json& j, int n_vocab, std::optional<RelaxedReply>& out) {
  if (!j.contains("candidates")) return {};
  const Json& candidates = j["candidates"];
  if (!j.contains("weights"))
    return invalid("\"weights\" beside \"candidates\"", "none", "request");
  const Json& weights = j["weights"];
  if (!candidates.is_array() || candidates.empty() || !candidates[0].is_array() ||
      candidates[0].empty())
    return invalid("an array of arrays of token ids", candidates.dump().substr(0, 40),
                   "candidates");
  if (!weights.is_array() || weights.size() != candidates.size())
    return invalid(
        "as many rows of weights as of candidates (" + std::to_string(candidates.size()) + ")",
        weights.is_array() ? std::to_string(weights.size()) : "no array", "weights");
  const std::size_t m = candidates[0].size();
  RelaxedReply relaxed{.m = static_cast<int>(m)};
  for (std::size_t t = 0; t < candidates.size(); ++t) {
    const std::string row = "row " + std::to_string(t);
    PONDER_ASSIGN(auto ids, ids_of(candidates[t], "\"candidates, " + row + "\"", n_vocab));
    if (ids.size() != m)
      return invalid(std::to_string(m) + " candidates, as in row 0", std::to_string(ids.size()),
                     "candidates, " + row);
    if (!weights[t].is_array() || weights[t].size() != m)
      return invalid("a weight a candidate (" + std::to_string(m) + ")",
                     weights[t].is_array() ? std::to_string(weights[t].size()) : "no array",
                     "weights, " + row);
    relaxed.candidates.insert(relaxed.candidates.end(), ids.begin(), ids.end());
    for (const Json& w : weights[t]) {
      if (!w.is_number()) return invalid("a number", w.dump().substr(0, 40), "weights, " + row);
      relaxed.weights.push_back(w.get<float>());
    }
  }
  out = std::move(relaxed);
  return {};
}

}  // namespace

Result<std::vector<Token>> ids_of(const Json& a, const std::string& where, int n_vocab) {
  if (!a.is_array()) return invalid("a list of token ids", a.type_name(), where);
  std::vector<Token> ids;
  for (const Json& x : a) {
    if (!x.is_number_integer() || x.get<std::int64_t>() < 0 || x.get<std::int64_t>() >= n_vocab)
      return invalid("token ids from 0 to " + std::to_string(n_vocab - 1), x.dump(), where);
    ids.push_back(x.get<Token>());
  }
  return ids;
}

Result<Conversation> conversation_of(const Json& j) {
  Conversation c;
  if (j.contains("messages")) {
    PONDER_ASSIGN(c.messages, messages_of(j["messages"]));
  } else {
    PONDER_ASSIGN(const std::string question, string_of(j["question"], "question"));
    if (question.empty()) return invalid("a question", "an empty one", "\"question\"");
    PONDER_ASSIGN(const std::string system, string_of(j.value("system", Json("")), "system"));
    c = Conversation::ask(question, system);
  }
  PONDER_ASSIGN(c.variables, variables_of(j));
  return c;
}

Result<RequestLine> parse_request(std::string_view text, int n_vocab) {
  if (text.find_first_not_of(" \t\r") == std::string::npos)
    return Error{Code::kInvalid, "a JSON object", "an empty line", "", ""};
  PONDER_ASSIGN(const Json j, parse_json(text, invalid("a JSON object", "", ""), "request"));
  if (!j.is_object()) return invalid("a JSON object", j.type_name(), "line");
  PONDER_TRY(check_keys(j));
  RequestLine r;
  PONDER_TRY(read_prompt(j, n_vocab, r.prompt));
  PONDER_TRY(read_reply(j, n_vocab, r.reply));
  PONDER_TRY(read_relaxed(j, n_vocab, r.relaxed));
  if (j.contains("text")) {
    PONDER_ASSIGN(r.text, string_of(j["text"], "text"));
  }
  if (j.contains("hex")) {
    PONDER_ASSIGN(const std::string hex, string_of(j["hex"], "hex"));
    PONDER_ASSIGN(r.text, from_hex(hex));
  }
  if (j.contains("ids")) {
    PONDER_ASSIGN(r.ids, ids_of(j["ids"], "\"ids\"", n_vocab));
  }
  return r;
}

Result<PromptRequest> prompt_of(const RequestLine& r) {
  if (r.prompt) return *r.prompt;
  return invalid("exactly one of \"messages\", \"question\", \"prompt\", \"prompt_ids\"", "none",
                 "request");
}

}  // namespace ponder
