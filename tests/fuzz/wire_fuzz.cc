// Fuzzes what comes over the wire: request lines, certificates and records of answers. Besides
// crashes: what is read as one of the latter and written again is read as the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ponder/wire.h"

namespace {

template <class Parse>
void check_round_trip(std::string_view text, const Parse& parse) {
  const auto read = parse(text, "input");
  if (!read.ok()) return;
  const std::string written = ponder::to_json(*read);
  const auto again = parse(written, "written");
  if (!again.ok() || ponder::to_json(*again) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kVocab = 1000;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ponder::parse_request(text, kVocab);
  (void)ponder::parse_decide_request(text);
  check_round_trip(text, ponder::parse_certificate);
  check_round_trip(text, ponder::parse_answer_record);
  return 0;
}
