// Parsing and checking of request lines.
#include "jsonl.h"

#include <algorithm>

#include "ponder/spelling.h"
#include "line_reader.h"
#include "output.h"

namespace ponder::app {
namespace {

// Of all commands together: one file of requests may serve several of them.
const std::vector<std::string> kKeys{"messages",   "tools",      "chat_template_kwargs",
                                     "question",   "system",     "prompt",
                                     "prompt_ids", "reply",      "reply_ids",
                                     "end",        "text",       "hex",
                                     "ids",        "candidates", "weights"};

Error bad(const std::string& expected, const std::string& got, const std::string& where) {
  return {Code::kInvalid, expected, got, where, ""};
}

std::string text_of(const Json& j, const std::string& key) {
  if (!j.is_string()) fail(bad("a string", j.type_name(), "\"" + key + "\""));
  return j.get<std::string>();
}

Error bad_message(const std::string& expected, const Json& got) {
  return bad(expected, got.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60), "\"messages\"");
}

// Text, a list of texts, or, beside tool calls, nothing. A model here sees no pictures and hears no sound.
void check_content(const Json& message) {
  const auto content = message.find("content");
  const bool none = content == message.end() || content->is_null();
  if (none ? message.contains("tool_calls") : content->is_string()) return;
  if (none || !content->is_array()) fail(bad_message("messages with role and content", message));
  for (const Json& part : *content) {
    if (!part.is_object() || part.value("type", Json()) != "text") fail(bad_message("content of type text", part));
  }
}

ChatMessage message_of(const Json& j) {
  if (!j.is_object() || !j.contains("role")) fail(bad_message("messages with role and content", j));
  check_content(j);
  ChatMessage m{text_of(j["role"], "role"), ""};
  const bool text = j.contains("content") && j["content"].is_string();
  if (text) m.content = j["content"].get<std::string>();
  if (!text || j.size() > 2) m.json = j.dump();
  return m;
}

std::vector<ChatMessage> messages_of(const Json& j) {
  if (!j.is_array() || j.empty())
    fail(bad("a list of messages", j.is_array() ? "an empty one" : j.type_name(), "\"messages\""));
  std::vector<ChatMessage> m;
  for (const Json& x : j) m.push_back(message_of(x));
  return m;
}

// What was asked in words: the text of the user's last message.
std::string last_question(const std::vector<ChatMessage>& messages) {
  const auto last = std::find_if(messages.rbegin(), messages.rend(), [](const auto& m) { return m.role == "user"; });
  return last == messages.rend() ? messages.back().content : last->content;
}

// What the chat template is given beside the messages, as a JSON object.
std::string variables_of(const Json& j) {
  Json v = Json::object();
  if (const auto kwargs = j.find("chat_template_kwargs"); kwargs != j.end()) {
    if (!kwargs->is_object()) fail(bad("a JSON object", kwargs->type_name(), "\"chat_template_kwargs\""));
    v = *kwargs;
    for (const char* key : {"messages", "tools"}) {
      if (v.contains(key)) fail(bad("\"" + std::string(key) + "\" beside it", "inside", "\"chat_template_kwargs\""));
    }
  }
  if (const auto tools = j.find("tools"); tools != j.end()) {
    if (!tools->is_array() && !tools->is_null()) fail(bad("a list of tools", tools->type_name(), "\"tools\""));
    v["tools"] = *tools;
  }
  return v.dump();
}

void check_keys(const Json& j) {
  for (const auto& [key, value] : j.items()) {
    if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) continue;
    const std::string near = nearest(key, kKeys, 2);
    std::string hint = "did you mean \"" + near + "\"?";
    if (near.empty()) {
      hint = "known:";
      for (const std::string& k : kKeys) hint += " " + k;
    }
    fail({Code::kInvalid, "a known key", "\"" + key.substr(0, 40) + "\"", "request", hint});
  }
}

// The library builds and prints values by recursion: what is nested deeper than any request stops here.
Json parse_line(const std::string& line) {
  constexpr int kMaxDepth = 64;  // the schema of a tool has 20 and more
  return Json::parse(line, [](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxDepth) fail(bad("nesting of at most " + std::to_string(kMaxDepth) + " levels", "more", "request"));
    return true;
  });
}

}  // namespace

void write_json(const Json& j) { write_line(j.dump(-1, ' ', false, Json::error_handler_t::replace)); }

std::vector<Token> ids_of(const Json& a, const std::string& key, int n_vocab) {
  if (!a.is_array()) fail(bad("a list of token ids", a.type_name(), "\"" + key + "\""));
  std::vector<Token> ids;
  for (const Json& x : a) {
    if (!x.is_number_integer() || x.get<std::int64_t>() < 0 || x.get<std::int64_t>() >= n_vocab)
      fail(bad("token ids from 0 to " + std::to_string(n_vocab - 1), x.dump(), "\"" + key + "\""));
    ids.push_back(x.get<Token>());
  }
  return ids;
}

Prompt request_prompt(const Json& j, const Text& t, bool raw, std::string* rendered) {
  int n = 0;
  for (const char* key : {"messages", "question", "prompt", "prompt_ids"}) n += static_cast<int>(j.contains(key));
  if (n != 1)
    fail(bad("exactly one of \"messages\", \"question\", \"prompt\", \"prompt_ids\"", n == 0 ? "none" : "several",
             "request"));
  if (j.contains("system") && !j.contains("question"))
    fail(bad("\"system\" beside \"question\" only", "it without", "request"));
  for (const char* key : {"tools", "chat_template_kwargs"})
    if (j.contains(key) && !j.contains("messages") && !j.contains("question"))
      fail(bad("\"" + std::string(key) + "\" beside \"messages\" or \"question\"", "it without", "request"));
  Prompt p;
  if (j.contains("messages")) {
    const auto messages = messages_of(j["messages"]);
    p = {t.chat(messages, rendered, variables_of(j)), last_question(messages)};
  } else if (j.contains("question")) {
    const std::string question = text_of(j["question"], "question");
    if (question.empty()) fail(bad("a question", "an empty one", "\"question\""));
    const std::string system = j.contains("system") ? text_of(j["system"], "system") : "";
    p = {t.chat(conversation(system, question), rendered, variables_of(j)), question};
  } else if (j.contains("prompt")) {
    const std::string text = text_of(j["prompt"], "prompt");
    p = {t.raw(text), text};
    if (t.has_template() && !raw)
      p.notes = {
          "\"prompt\" was taken as raw text, without the chat template; \"question\" or \"messages\" ask the chat "
          "model"};
  } else {
    p.ids = ids_of(j["prompt_ids"], "prompt_ids", t.tokenizer->n_vocab());
    p.question = t.reply_text(p.ids);
  }
  if (p.ids.empty()) fail(bad("a prompt of at least one token", "an empty one", "request"));
  work_begins();
  return p;
}

std::optional<std::vector<Token>> request_reply(const Json& j, const Text& t) {
  const bool text = j.contains("reply"), ids = j.contains("reply_ids");
  if (text && ids) fail(bad("one of \"reply\", \"reply_ids\"", "both", "request"));
  if (!text && !ids) return std::nullopt;
  std::vector<Token> reply = text ? t.tokenizer->encode(text_of(j["reply"], "reply"), {.parse_special = false})
                                  : ids_of(j["reply_ids"], "reply_ids", t.tokenizer->n_vocab());
  if (j.contains("end")) {
    if (!j["end"].is_boolean()) fail(bad("true or false", j["end"].type_name(), "\"end\""));
    if (j["end"].get<bool>()) {
      if (!t.tokenizer->end_of_turn()) fail(bad("a model with an end-of-turn token", "none", "\"end\""));
      reply.push_back(*t.tokenizer->end_of_turn());
    }
  }
  return reply;
}

int for_lines(const std::string& input, const std::function<void(int, const Json&)>& fn,
              const std::function<void(int, const std::string&)>& on_error, const std::function<void()>& idle) {
  const auto in = must(LineReader::open(input));
  int code = 0, number = 0;
  for (std::string line; !stop_flag() && !output_broken(); ++number) {
    if (idle && !in->ready()) idle();
    if (!must(in->next(line))) break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      on_error(number, "expected a JSON object, got an empty line");
      code = 2;
      continue;
    }
    try {
      const Json j = parse_line(line);
      if (!j.is_object()) fail(bad("a JSON object", j.type_name(), "line"));
      check_keys(j);
      fn(number, j);
    } catch (const nlohmann::json::exception& e) {
      on_error(number, std::string("expected a JSON object, got ") + e.what());
      code = 2;
    } catch (const Failure& f) {
      if (f.error.code == Code::kIo) throw;  // no fault of the line, and the next would fare no better
      on_error(number, f.error.message());
      code = std::max(code, exit_code(f.error));
    }
  }
  return code;
}

}  // namespace ponder::app
