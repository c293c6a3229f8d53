// How likely an answer is right, learnt from questions whose right answers are known, and how sure
// an answer has to be so that few of those that are given are wrong. Nothing here changes which
// answer is found: it is judged, and may be held back. docs/answers.md#confidence.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ponder/core/status.h"

namespace ponder {

/// An answer whose question has a known right answer.
struct JudgedAnswer {
  std::vector<double> features{};  // (n_features) what the answer shows of how sure it is; finite
  bool right = false;
};

/// The confidence that was given to an answer, and whether the answer was right.
struct JudgedConfidence {
  double confidence = 0;
  bool right = false;
  bool operator==(const JudgedConfidence&) const = default;
};

/// From features to the probability that an answer is right: a logistic regression of the
/// standardised features, and an isotonic regression of its score, interpolated linearly between
/// the centres of its blocks.
struct Calibration {
  struct Feature {
    std::string name{};
    double mean = 0, scale = 1, weight = 0;
    bool operator==(const Feature&) const = default;
  };
  struct Step {
    double score = 0, probability = 0;
    bool operator==(const Step&) const = default;
  };
  std::vector<Feature> features{};
  double bias = 0;
  std::vector<Step> steps{};  // both rise; one at least
  // The two halves of the questions that it was made from, the most confident first. Only `held`
  // tells how good it is: the regressions have not seen it.
  std::vector<JudgedConfidence> fitted{}, held{};
  bool operator==(const Calibration&) const = default;
};

inline constexpr std::size_t kLeastJudged = 40;

/// Fits the regressions to one half of the answers, rounded up; the others are held out. Which half
/// an answer is in depends on its position and the seed alone.
/// Errors: kInvalid (fewer than kLeastJudged answers, feature lists of unlike lengths, a feature
/// that is not finite, a half in which all answers are right or all are wrong).
Result<Calibration> fit_calibration(const std::vector<std::string>& names,
                                    std::span<const JudgedAnswer>, std::uint64_t seed = 0);

/// The probability that an answer with these features is right; n_features of them.
double confidence(const Calibration&, std::span<const double> features);

/// Answers that are at least so confident are given, the others are held back.
struct RiskLimit {
  double least_confidence = 0;
  int given = 0, wrong = 0;  // of the answers held out
  double bound = 1;          // Clopper and Pearson's upper bound on the share of wrong ones
};

/// The least confidence at which, with probability `level`, no more than `risk` of the answers that
/// are given are wrong, for questions drawn like those held out. Candidates are tested one after
/// the other, from the safest on the fitted half on towards more answers, until the first fails
/// (fixed-sequence testing; Angelopoulos et al. 2021, "Learn then Test"). None: not even the safest
/// one passes. `risk` and `level` lie between 0 and 1.
std::optional<RiskLimit> limit_risk(const Calibration&, double risk, double level = 0.9);

/// How good confidences are.
struct ConfidenceFigures {
  int n = 0;
  double right = 0;  // share of right answers
  double auroc = 0;  // a right answer has more confidence than a wrong one; ties count half
  double calibration_error = 0;  // expected: mean |confidence - share of right ones| over bins
  double brier = 0;              // mean squared error
};
/// `calibration_error` has bins of equal counts, ten at most, of at least fifteen answers where
/// there are two or more. NaN for an AUROC without right or without wrong answers.
ConfidenceFigures confidence_figures(std::span<const JudgedConfidence>);

}  // namespace ponder
