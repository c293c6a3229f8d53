// The regressions of a calibration. What they are worth, on answers they have not seen, is in
// risk.cc.
#include "ponder/answer/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/rng.h"

namespace ponder {
namespace {

Error unfit(std::string expected, std::string got, std::string hint = "") {
  return {Code::kInvalid, std::move(expected), std::move(got), "answers to calibrate from",
          std::move(hint)};
}

using Half = std::vector<const JudgedAnswer*>;

// Answers in the order of a random number of their position: the first half, rounded up, is fitted.
// Every second answer would be a kind of its own in a file that takes turns between two kinds.
std::array<Half, 2> halves(std::span<const JudgedAnswer> answers, std::uint64_t seed) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < answers.size(); ++i)
    order.emplace_back(uniform(seed, 0, i, Purpose::kHalves), i);
  std::sort(order.begin(), order.end());
  std::array<Half, 2> half;
  for (std::size_t k = 0; k < order.size(); ++k)
    half[2 * k < order.size() ? 0 : 1].push_back(&answers[order[k].second]);
  return half;
}

Status check_halves(const std::array<Half, 2>& halves) {
  for (const Half& half : halves) {
    const auto right = static_cast<std::size_t>(
        std::count_if(half.begin(), half.end(), [](const JudgedAnswer* a) { return a->right; }));
    if (right == 0 || right == half.size())
      return unfit("right and wrong answers in both halves",
                   std::to_string(right) + " right of " + std::to_string(half.size()),
                   "ask questions of which the model knows some");
  }
  return {};
}

Status check(const std::vector<std::string>& names, std::span<const JudgedAnswer> answers) {
  if (answers.size() < kLeastJudged)
    return unfit("at least " + std::to_string(kLeastJudged) + " answers",
                 std::to_string(answers.size()), "ask more questions");
  for (const JudgedAnswer& a : answers) {
    if (a.features.size() != names.size())
      return unfit(std::to_string(names.size()) + " features of every answer",
                   std::to_string(a.features.size()));
    for (const double x : a.features)
      if (!std::isfinite(x)) return unfit("features that are finite", std::to_string(x));
  }
  return {};
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

double score(const Calibration& c, std::span<const double> features) {
  double s = c.bias;
  for (std::size_t k = 0; k < c.features.size(); ++k) {
    const Calibration::Feature& f = c.features[k];
    s += f.weight * (features[k] - f.mean) / f.scale;
  }
  return s;
}

void standardise(Calibration& c, const Half& answers) {
  const auto n = static_cast<double>(answers.size());
  for (std::size_t k = 0; k < c.features.size(); ++k) {
    double mean = 0, square = 0;
    for (const JudgedAnswer* a : answers) mean += a->features[k] / n;
    for (const JudgedAnswer* a : answers) square += std::pow(a->features[k] - mean, 2) / n;
    c.features[k].mean = mean;
    // A feature that is the same everywhere says nothing; any scale does.
    c.features[k].scale = square > 0 ? std::sqrt(square) : 1;
  }
}

// Maximises the logistic likelihood less half the squared weights, one weight at a time; the
// penalty keeps the weights finite where the two classes can be separated. A logistic function
// bends by no more than 1/4, so that no step goes too far (Boehning and Lindsay 1988).
void fit_weights(Calibration& c, const Half& answers) {
  constexpr int kSweeps = 10'000;
  constexpr double kPenalty = 1, kEnough = 1e-7, kBend = 0.25;
  std::vector<double> scores(answers.size(), 0);
  const auto improve = [&](double& weight, double penalty, const auto& value) {
    double gradient = -penalty * weight, bend = penalty;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const double x = value(*answers[i]);
      gradient += ((answers[i]->right ? 1 : 0) - logistic(scores[i])) * x;
      bend += kBend * x * x;
    }
    const double step = gradient / bend;
    weight += step;
    for (std::size_t i = 0; i < answers.size(); ++i) scores[i] += step * value(*answers[i]);
    return std::abs(step);
  };
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double most = improve(c.bias, 0, [](const JudgedAnswer&) { return 1.; });
    for (std::size_t k = 0; k < c.features.size(); ++k) {
      const Calibration::Feature& f = c.features[k];
      most = std::max(most, improve(c.features[k].weight, kPenalty, [&](const JudgedAnswer& a) {
                        return (a.features[k] - f.mean) / f.scale;
                      }));
    }
    if (most < kEnough) return;
  }
}

// Pools adjacent violators. One right answer more at the lowest score, and one wrong answer more at
// the highest, keep every probability away from 0 and 1.
void fit_steps(Calibration& c, const Half& answers) {
  struct Block {
    double scores, right, n;
  };
  std::vector<std::pair<double, double>> points;
  for (const JudgedAnswer* a : answers) points.emplace_back(score(c, a->features), a->right);
  std::sort(points.begin(), points.end());
  points.emplace(points.begin(), points.front().first, 1);
  points.emplace_back(points.back().first, 0);
  std::vector<Block> blocks;
  for (const auto& [s, right] : points) {
    blocks.push_back({s, right, 1});
    while (blocks.size() > 1) {
      const Block last = blocks.back();
      Block& before = blocks[blocks.size() - 2];
      const bool rises = before.right * last.n < last.right * before.n;
      if (rises && before.scores * last.n < last.scores * before.n) break;
      before = {before.scores + last.scores, before.right + last.right, before.n + last.n};
      blocks.pop_back();
    }
  }
  for (const Block& b : blocks) c.steps.push_back({b.scores / b.n, b.right / b.n});
}

std::vector<JudgedConfidence> judged(const Calibration& c, const Half& answers) {
  std::vector<JudgedConfidence> out;
  for (const JudgedAnswer* a : answers) out.push_back({confidence(c, a->features), a->right});
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.confidence > b.confidence; });
  return out;
}

}  // namespace

Result<Calibration> fit_calibration(const std::vector<std::string>& names,
                                    std::span<const JudgedAnswer> answers, std::uint64_t seed) {
  PONDER_TRY(check(names, answers));
  const auto [fitted, held] = halves(answers, seed);
  PONDER_TRY(check_halves({fitted, held}));
  Calibration c;
  for (const std::string& name : names) c.features.push_back({.name = name});
  standardise(c, fitted);
  fit_weights(c, fitted);
  fit_steps(c, fitted);
  c.fitted = judged(c, fitted);
  c.held = judged(c, held);
  return c;
}

double confidence(const Calibration& c, std::span<const double> features) {
  const double s = score(c, features);
  const auto& steps = c.steps;
  const auto above = std::find_if(steps.begin(), steps.end(),
                                  [&](const Calibration::Step& x) { return x.score >= s; });
  if (above == steps.begin()) return above->probability;
  if (above == steps.end()) return steps.back().probability;
  const Calibration::Step &low = *(above - 1), &high = *above;
  const double share = (s - low.score) / (high.score - low.score);
  return std::min(low.probability + share * (high.probability - low.probability), high.probability);
}

}  // namespace ponder
