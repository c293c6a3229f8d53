// Parsing and checking of request lines.
#include "jsonl.h"

#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/nearest.h"
#include "output.h"

namespace ponder::app {
namespace {

// Of all commands together: one file of requests may serve several of them.
const std::vector<std::string> kKeys{"messages", "question", "system", "prompt", "prompt_ids", "reply",  "reply_ids",
                                     "end",      "text",     "hex",    "ids",    "candidates", "weights"};

Error bad(const std::string& expected, const std::string& got, const std::string& where) {
  return {Code::kInvalid, expected, got, where, ""};
}

std::string text_of(const Json& j, const std::string& key) {
  if (!j.is_string()) fail(bad("a string", j.type_name(), "\"" + key + "\""));
  return j.get<std::string>();
}

std::vector<ChatMessage> messages_of(const Json& j) {
  if (!j.is_array() || j.empty())
    fail(bad("a list of messages", j.is_array() ? "an empty one" : j.type_name(), "\"messages\""));
  std::vector<ChatMessage> m;
  for (const Json& x : j) {
    if (!x.is_object() || !x.contains("role") || !x.contains("content"))
      fail(bad("messages with role and content", x.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60),
               "\"messages\""));
    m.push_back({text_of(x["role"], "role"), text_of(x["content"], "content")});
  }
  return m;
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
  constexpr int kMaxDepth = 16;
  return Json::parse(line, [](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxDepth) fail(bad("nesting of at most " + std::to_string(kMaxDepth) + " levels", "more", "request"));
    return true;
  });
}

}  // namespace

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
  Prompt p;
  if (j.contains("messages")) {
    const auto messages = messages_of(j["messages"]);
    p = {t.chat(messages, rendered), messages.back().content};
  } else if (j.contains("question")) {
    const std::string question = text_of(j["question"], "question");
    if (question.empty()) fail(bad("a question", "an empty one", "\"question\""));
    const std::string system = j.contains("system") ? text_of(j["system"], "system") : "";
    p = {t.chat(conversation(system, question), rendered), question};
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

Json error_line(int line, const std::string& message) { return {{"error", {{"line", line}, {"message", message}}}}; }

int for_lines(const std::string& input, const std::function<void(int, const Json&)>& fn,
              const std::function<void(int, const std::string&)>& on_error) {
  std::ifstream file;
  if (input != "-") {
    file.open(input, std::ios::binary);
    if (std::error_code ec; !file || std::filesystem::is_directory(input, ec))
      fail({Code::kNotFound, "a readable file", "none", input, "check the path given with --input"});
  }
  std::istream& in = input == "-" ? std::cin : file;
  int code = 0, number = 0;
  for (std::string line; !stop_flag() && std::getline(in, line); ++number) {
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
