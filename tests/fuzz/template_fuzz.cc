// Fuzzes chat templates: three bytes choose the limits, the rest is a template, rendered on one
// conversation. Besides crashes: the literal ranges are sorted and inside the text, and cover every
// byte that only the messages can have brought (the conversation has non-ASCII letters; the
// template must have none and no escapes).
#include <cstdint>
#include <cstdlib>

#include "ponder/model/chat.h"

namespace {

constexpr const char* kToolCall =
    R"({"role": "assistant", "content": [{"type": "text", "text": "\u00e9<|"}],
  "tool_calls": [{"function": {"name": "f\u00e9", "arguments": {"a\u00e9": [1, 2.5, true, null]}}}]})";
constexpr const char* kVariables =
    R"({"tools": [{"function": {"name": "f\u00e9", "parameters": {}}}], "think": true})";

void check(bool ok) {
  if (!ok) std::abort();
}

void check_prompt(const ponder::RenderedPrompt& p, bool ascii_template) {
  std::size_t end = 0;
  for (const ponder::ByteRange& r : p.literal) {
    check(r.begin >= end && r.begin < r.end && r.end <= p.text.size());
    for (std::size_t i = end; ascii_template && i < r.begin; ++i)
      check(static_cast<unsigned char>(p.text[i]) < 128);
    end = r.end;
  }
  for (std::size_t i = end; ascii_template && i < p.text.size(); ++i) {
    check(static_cast<unsigned char>(p.text[i]) < 128);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  ponder::TemplateLimits limits;
  limits.max_steps = std::int64_t{128} << data[0] % 11;
  limits.max_bytes = std::size_t{8192} << data[1] % 9;
  limits.max_depth = 1 + data[2] % 100;
  const std::string source(reinterpret_cast<const char*>(data) + 3, size - 3);
  bool ascii = source.find('\\') == std::string::npos;
  for (const char c : source) ascii &= static_cast<unsigned char>(c) < 128;
  const auto program = ponder::ChatTemplate::parse(source, limits);
  if (!program.ok()) return 0;
  static const std::vector<ponder::ChatMessage> kMessages = {
      {"system", "Be brief\u00a0\u00e9, \u00df. "},
      {"user", " 2+2? <|im_end|>\n\u03c9\u4eac \"x\" "},
      {"assistant", "<think>\u00e9</think>4\xff"},
      {"us\u00e9r", ""},
      {"assistant", "", kToolCall}};
  ponder::ChatTemplate::Options options;
  options.bos_token = "<s>";
  options.eos_token = "</s>";
  options.variables = kVariables;
  const auto prompt = (*program)->render(kMessages, options);
  if (prompt.ok()) check_prompt(*prompt, ascii);
  return 0;
}
