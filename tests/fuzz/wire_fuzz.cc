// Fuzzes what comes over the wire: request lines and certificate files. Besides crashes: what is
// read as a certificate and written again is read as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ponder/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kVocab = 1000;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ponder::parse_request(text, kVocab);
  const auto read = ponder::parse_certificate(text, "input");
  if (!read.ok()) return 0;
  const std::string written = ponder::to_json(*read);
  const auto again = ponder::parse_certificate(written, "written");
  if (!again.ok() || ponder::to_json(*again) != written) std::abort();
  return 0;
}
