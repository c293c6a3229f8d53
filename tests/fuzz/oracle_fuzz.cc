// Any bytes as an oracle: two bytes say how long its JSON is (little-endian), the weights follow.
// An error, or a network that gives the same number with and without a derivative, for one sequence
// and for a mixture.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "ponder/dna/oracle.h"

namespace {

using namespace ponder;

// Of those that are run, which bounds their time: numbers of two digits, and not many layers. The
// reader takes all.
bool cheap(std::string_view json, int length) {
  constexpr int kMostLetters = 256, kMostDigits = 2, kMostLayers = 20;
  int digits = 0, longest = 0;
  for (const char c : json)
    longest = std::max(longest, digits = c >= '0' && c <= '9' ? digits + 1 : 0);
  return length <= kMostLetters && longest <= kMostDigits &&
         std::ranges::count(json, '{') <= kMostLayers;
}

void evaluate(dna::LetterTerm& term, int length) {
  std::vector<Token> candidates;
  std::vector<float> one_hot, even;
  dna::Sequence x;
  for (int t = 0; t < length; ++t) {
    x.push_back(t * t % dna::kLetters);
    for (Token v = 0; v < dna::kLetters; ++v) {
      candidates.push_back(v);
      one_hot.push_back(v == x.back() ? 1.f : 0.f);
      even.push_back(1.f / dna::kLetters);
    }
  }
  const std::vector<SoftPoint> points{{candidates, one_hot, dna::kLetters},
                                      {candidates, even, dna::kLetters}};
  std::vector<double> f;
  std::vector<SoftValue> soft;
  if (!term.score(std::vector<dna::Sequence>{x}, f).ok() ||
      !term.evaluate(std::span<const SoftPoint>(points), soft).ok())
    std::abort();
  if (soft[0].value != f[0] && !(std::isnan(soft[0].value) && std::isnan(f[0]))) std::abort();
  for (const SoftValue& v : soft)
    if (v.weights.size() != (v.finite ? candidates.size() : 0)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t n = std::min<std::size_t>(data[0] + 256 * data[1], all.size());
  const auto oracle = dna::parse_oracle(all.substr(0, n), all.substr(n), "fuzz");
  if (oracle.ok() && cheap(all.substr(0, n), oracle->length))
    evaluate(*oracle->term, oracle->length);
  return 0;
}
