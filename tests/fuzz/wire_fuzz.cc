// Fuzzes what comes over the wire: request lines, bodies of servers, known questions, certificates,
// records of answers and calibrations. Besides crashes: what is read as one of the last three and
// written again is read as the same, and a calibration that is read can be used.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/openai.h"
#include "ponder/wire.h"

namespace {

// Confidences of any calibration lie between 0 and 1.
void check_use(std::string_view text) {
  const auto read = ponder::parse_calibration(text, "input");
  if (!read.ok()) return;
  for (const auto& g : read->groups) {
    const ponder::Calibration& c = g.calibration;
    const double p = ponder::confidence(c, std::vector<double>(c.features.size(), 0.5));
    if (!(p >= 0 && p <= 1)) std::abort();
    (void)ponder::limit_risk(c, 0.2);
    (void)ponder::confidence_figures(c.held);
  }
}

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
  (void)ponder::parse_systemone_request(text);
  (void)ponder::parse_completion_call(text, kVocab);
  (void)ponder::parse_chat_call(text);
  (void)ponder::parse_answer_call(text, kVocab);
  (void)ponder::parse_think_call(text, kVocab);
  (void)ponder::check_control(text);
  check_round_trip(text, ponder::parse_certificate);
  (void)ponder::parse_known_question(text, kVocab);
  check_round_trip(text, ponder::parse_answer_record);
  check_round_trip(text, ponder::parse_calibration);
  check_use(text);
  return 0;
}
