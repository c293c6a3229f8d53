// Any bytes as a chat template: an error or a prompt, soon and in bounded memory, whose literal ranges are sorted and
// inside it.
#include <cstdlib>
#include <string_view>

#include "ponder/chat.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ponder;
  const TemplateLimits limits{.max_steps = 20'000, .max_bytes = 1 << 20, .max_depth = 60};
  const auto t = ChatTemplate::parse({reinterpret_cast<const char*>(data), size}, limits);
  if (!t.ok()) return 0;
  const std::vector<ChatMessage> messages{
      {"system", "Be <|im_end|> brief."}, {"user", "What is 2 + 2?"}, {"assistant", "4\n"}, {"user", "Sure?"}};
  const auto p = (*t)->render(messages, {.bos_token = "<s>", .eos_token = "</s>"});
  if (!p.ok()) return 0;
  std::size_t at = 0;
  for (const ByteRange& r : p->literal) {
    if (r.begin < at || r.end <= r.begin || r.end > p->text.size()) std::abort();
    at = r.end;
  }
  return 0;
}
