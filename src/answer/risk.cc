// What confidences are worth on answers that the regressions have not seen, and the least one that
// keeps the share of wrong answers below a limit.
#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>

#include "ponder/answer/calibration.h"

namespace ponder {
namespace {

RiskLimit at_least(std::span<const JudgedConfidence> sorted, double least, double level) {
  RiskLimit l{.least_confidence = least};
  for (const JudgedConfidence& j : sorted) {
    if (j.confidence < least) break;
    ++l.given;
    l.wrong += !j.right;
  }
  if (l.wrong < l.given)
    l.bound =
        boost::math::binomial_distribution<>::find_upper_bound_on_p(l.given, l.wrong, 1 - level);
  return l;
}

}  // namespace

std::optional<RiskLimit> limit_risk(const Calibration& c, double risk, double level) {
  std::vector<double> candidates;  // falling
  for (const JudgedConfidence& j : c.fitted)
    if (candidates.empty() || j.confidence < candidates.back()) candidates.push_back(j.confidence);
  const auto fitted_bound = [&](double least) { return at_least(c.fitted, least, level).bound; };
  auto next = std::min_element(candidates.begin(), candidates.end(), [&](double a, double b) {
    return fitted_bound(a) < fitted_bound(b);
  });
  std::optional<RiskLimit> passed;
  for (; next != candidates.end(); ++next) {
    const RiskLimit l = at_least(c.held, *next, level);
    if (!(l.bound <= risk)) break;
    passed = l;
  }
  return passed;
}

ConfidenceFigures confidence_figures(std::span<const JudgedConfidence> judged) {
  constexpr std::size_t kBins = 10, kLeast = 15;
  ConfidenceFigures f{.n = static_cast<int>(judged.size())};
  std::vector<JudgedConfidence> sorted(judged.begin(), judged.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.confidence < b.confidence; });
  const auto n = static_cast<double>(sorted.size());
  double pairs = 0, above = 0;
  for (const JudgedConfidence& a : sorted) {
    f.right += a.right / n;
    f.brier += std::pow(a.confidence - (a.right ? 1 : 0), 2) / n;
    for (const JudgedConfidence& b : sorted) {
      if (!a.right || b.right) continue;
      ++pairs;
      above += a.confidence > b.confidence ? 1 : a.confidence == b.confidence ? 0.5 : 0;
    }
  }
  f.auroc = pairs > 0 ? above / pairs : std::numeric_limits<double>::quiet_NaN();
  const std::size_t bins = std::clamp<std::size_t>(sorted.size() / kLeast, 1, kBins);
  for (std::size_t b = 0; b < bins; ++b) {
    double difference = 0;
    for (std::size_t i = b * sorted.size() / bins; i < (b + 1) * sorted.size() / bins; ++i)
      difference += sorted[i].confidence - (sorted[i].right ? 1 : 0);
    f.calibration_error += std::abs(difference) / n;
  }
  return f;
}

}  // namespace ponder
