// Chat templates compared with the reference: every case of tests/data/templates/cases.jsonl, made
// by Jinja2 itself (tools/make_template_cases.py), and the prompts of the golden data of SmolLM2,
// byte for byte.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ponder/model/chat.h"

namespace ponder {
namespace {

const std::string kFolder = std::string(PONDER_SOURCE_DIR) + "/tests/data/templates/";

std::string contents(const std::string& name) {
  std::ifstream in(kFolder + name, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<nlohmann::ordered_json> lines_of(const std::string& name) {
  std::ifstream in(kFolder + name);
  std::vector<nlohmann::ordered_json> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(nlohmann::ordered_json::parse(line));
  return lines;
}

std::vector<ChatMessage> messages_of(const nlohmann::ordered_json& j) {
  std::vector<ChatMessage> messages;
  for (const auto& m : j.at("messages")) {
    const bool plain = m.size() == 2 && m.value("content", nlohmann::ordered_json()).is_string();
    messages.push_back(
        {m.at("role"), plain ? m["content"].get<std::string>() : "", plain ? "" : m.dump()});
  }
  return messages;
}

Result<RenderedPrompt> render(const std::string& source, const nlohmann::ordered_json& j) {
  PONDER_ASSIGN(const auto program, ChatTemplate::parse(source));
  ChatTemplate::Options options;
  options.add_generation_prompt = j.value("add_generation_prompt", true);
  options.bos_token = j.value("bos", "");
  options.eos_token = j.value("eos", "");
  if (j.contains("variables")) options.variables = j["variables"].dump();
  return program->render(messages_of(j), options);
}

// Sorted, disjoint, inside the text, and not empty.
bool well_formed(const RenderedPrompt& p) {
  std::size_t end = 0;
  for (const ByteRange& r : p.literal) {
    if (r.begin < end || r.end <= r.begin || r.end > p.text.size()) return false;
    end = r.end + 1;  // adjacent ranges must be joined
  }
  return true;
}

TEST(ChatCases, AsJinja2RendersThem) {
  int n_rendered = 0, n_errors = 0;
  for (const auto& j : lines_of("cases.jsonl")) {
    const std::string source =
        j.contains("source") ? j["source"].get<std::string>() : contents(j["template"]);
    const auto r = render(source, j);
    const std::string what = j.contains("source")
                                 ? source
                                 : j["template"].get<std::string>() + " " + j["messages"].dump();
    if (j.contains("error")) {
      ++n_errors;
      EXPECT_FALSE(r.ok()) << what << "\nrendered " << (r.ok() ? r->text : "")
                           << "\nbut Jinja2 says " << j["error"];
      continue;
    }
    ++n_rendered;
    ASSERT_TRUE(j.contains("rendered"));
    EXPECT_TRUE(r.ok()) << what << "\n" << (r.ok() ? "" : r.error().message());
    if (!r.ok()) continue;
    EXPECT_EQ(r->text, j["rendered"].get<std::string>()) << what;
    EXPECT_TRUE(well_formed(*r)) << what;
  }
  EXPECT_GT(n_rendered, 1000);
  EXPECT_GT(n_errors, 150);
}

TEST(ChatCases, GoldenPromptsOfSmolLM2) {
  const std::string source = contents("smollm2.jinja");
  int n = 0;
  for (const auto& j : lines_of("smollm2_chat.jsonl")) {
    const auto r = render(source, j);
    ASSERT_TRUE(r.ok()) << r.error().message();
    EXPECT_EQ(r->text, j["prompt"].get<std::string>());
    ++n;
  }
  EXPECT_EQ(n, 24);
}

}  // namespace
}  // namespace ponder
