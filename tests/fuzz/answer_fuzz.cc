// Fuzzes answer maps: specifications, and replies that they read. Besides crashes: a map's name is
// a specification of the same map, and what a beginning is said to decide is the answer of the
// whole.
//   input: the specification, a zero byte, a reply
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ponder/answer/map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = all.find('\0');
  const std::string_view reply = zero == std::string_view::npos ? "" : all.substr(zero + 1);
  (void)ponder::find_options(all);
  (void)ponder::choose_answer_map(all, reply)->answer(reply);
  const auto map = ponder::parse_answer_map(all.substr(0, zero));
  if (!map.ok()) return 0;
  const auto again = ponder::parse_answer_map((*map)->name());
  const auto answer = (*map)->answer(reply);
  if (!again.ok() || (*again)->answer(reply) != answer) std::abort();
  for (std::size_t n = 0; n <= reply.size(); n += 1 + reply.size() / 4) {
    const ponder::Reading r = (*map)->read(reply.substr(0, n));
    if (r.decided && r.answer != answer) std::abort();
  }
  return 0;
}
