// Calibrations on answers whose chance of being right is known: confidences, the guarantee of a
// risk limit, figures by hand, and bad input.
#include "ponder/answer/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "must.h"

namespace ponder {
namespace {

using test::must;

// Answers that are right with the probability of their first feature; the second says nothing.
std::vector<JudgedAnswer> answers(std::mt19937& random, std::size_t n) {
  std::uniform_real_distribution<double> uniform;
  std::vector<JudgedAnswer> all;
  for (std::size_t i = 0; i < n; ++i) {
    const double p = uniform(random);
    all.push_back({{p, uniform(random)}, uniform(random) < p});
  }
  return all;
}

const std::vector<std::string> kNames{"chance", "noise"};

TEST(Calibration, ConfidencesAreTheChancesOfBeingRight) {
  std::mt19937 random(1);
  const Calibration c = must(fit_calibration(kNames, answers(random, 6000)));
  double error = 0, last = 0;
  constexpr int kSteps = 100;
  for (int i = 0; i <= kSteps; ++i) {
    const double p = static_cast<double>(i) / kSteps, said = confidence(c, std::vector{p, 0.5});
    error += std::abs(said - p) / kSteps;
    EXPECT_GE(said, last) << p;  // more of a good sign is never less confidence
    last = said;
    EXPECT_GT(said, 0);
    EXPECT_LT(said, 1);
  }
  EXPECT_LT(error, 0.04);
  EXPECT_LT(std::abs(c.features[1].weight), 0.2 * c.features[0].weight);
  const ConfidenceFigures f = confidence_figures(c.held);
  EXPECT_EQ(f.n, 3000);
  EXPECT_LT(f.calibration_error, 0.05);
  EXPECT_NEAR(f.auroc, 5. / 6, 0.02);  // of p(right | u) = u, u uniform
  EXPECT_NEAR(f.brier, 1. / 6, 0.01);
}

// The positions that are held out: what is changed there changes nothing that was fitted.
std::vector<bool> held_out(const std::vector<JudgedAnswer>& all, std::uint64_t seed) {
  const Calibration c = must(fit_calibration(kNames, all, seed));
  std::vector<bool> held;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<JudgedAnswer> changed = all;
    changed[i].features[0] += 1;
    const Calibration other = must(fit_calibration(kNames, changed, seed));
    held.push_back(c.features == other.features);
    EXPECT_EQ(held.back(), c.steps == other.steps && c.fitted == other.fitted) << i;
  }
  return held;
}

TEST(Calibration, HalvesAreDrawnByPositionAndOnlyOneIsFitted) {
  std::mt19937 random(2);
  std::vector<JudgedAnswer> all = answers(random, 101);
  const std::vector<bool> held = held_out(all, 0);
  EXPECT_EQ(std::count(held.begin(), held.end(), true), 50);
  int even = 0, repeats = 0;  // a file may take turns between two kinds, or have them in blocks
  for (std::size_t i = 0; i < held.size(); ++i) {
    even += held[i] && i % 2 == 0;
    repeats += i > 0 && held[i] == held[i - 1];
  }
  EXPECT_NEAR(even, 25, 10);
  EXPECT_NEAR(repeats, 50, 20);
  EXPECT_NE(held, held_out(all, 1));
  const Calibration c = must(fit_calibration(kNames, all));
  EXPECT_EQ(c.fitted.size(), 51u);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (held[i]) all[i].features[0] = 1 - all[i].features[0];
  const Calibration other = must(fit_calibration(kNames, all));
  EXPECT_TRUE(c.features == other.features && c.fitted == other.fitted);
  EXPECT_FALSE(c.held == other.held);
}

TEST(Calibration, AnswersThatCanBeSeparatedHaveFiniteWeights) {
  std::vector<JudgedAnswer> all;
  for (int i = 0; i < 60; ++i) all.push_back({{static_cast<double>(i / 2), 7}, i >= 30});
  const Calibration c = must(fit_calibration(kNames, all));
  for (const auto& f : c.features) EXPECT_TRUE(std::isfinite(f.weight));
  EXPECT_GT(confidence(c, std::vector{29., 7.}), 0.8);
  EXPECT_LT(confidence(c, std::vector{0., 7.}), 0.2);
}

// The share of wrong answers among those given is above the limit in no more than one of ten
// calibrations.
TEST(RiskLimit, HoldsInNineOfTenCalibrations) {
  constexpr double kRisk = 0.2, kLevel = 0.9;
  constexpr int kTimes = 300;
  std::mt19937 random(3);
  int limited = 0, above = 0;
  for (int i = 0; i < kTimes; ++i) {
    const Calibration c = must(fit_calibration(kNames, answers(random, 600)));
    const auto limit = limit_risk(c, kRisk, kLevel);
    if (!limit) continue;
    ++limited;
    double wrong = 0, given = 0;  // exactly, over the chance of being right and the other feature
    for (int k = 0; k < 400; ++k) {
      const double p = (k % 20 + 0.5) / 20, noise = (k / 20 + 0.5) / 20;
      if (confidence(c, std::vector{p, noise}) < limit->least_confidence) continue;
      ++given;
      wrong += 1 - p;
    }
    above += wrong / given > kRisk;
    EXPECT_LE(limit->bound, kRisk);
    EXPECT_GE(limit->bound, static_cast<double>(limit->wrong) / limit->given);
  }
  EXPECT_GT(limited, kTimes / 2);
  const double most = (1 - kLevel) * kTimes;
  EXPECT_LT(above, most + 4 * std::sqrt(most * kLevel));
}

// Features that say nothing, and slightly too many wrong answers: every limit that is found is
// broken. A test on the fitted half, or one of every threshold, would find many.
TEST(RiskLimit, NoiseSeldomPasses) {
  constexpr double kRisk = 0.2, kLevel = 0.9, kWrong = 0.21;
  constexpr int kTimes = 1000;
  constexpr std::size_t kFeatures = 8;
  std::mt19937 random(6);
  std::uniform_real_distribution<double> uniform;
  int found = 0;
  for (int i = 0; i < kTimes; ++i) {
    std::vector<JudgedAnswer> all(400);
    for (JudgedAnswer& a : all) {
      for (std::size_t k = 0; k < kFeatures; ++k) a.features.push_back(uniform(random));
      a.right = uniform(random) >= kWrong;
    }
    const std::vector<std::string> names(kFeatures, "noise");
    found += limit_risk(must(fit_calibration(names, all)), kRisk, kLevel).has_value();
  }
  const double most = (1 - kLevel) * kTimes;
  EXPECT_LT(found, most + 4 * std::sqrt(most * kLevel));
}

TEST(RiskLimit, NoneWhereNoAnswerIsSureEnough) {
  std::mt19937 random(4);
  std::vector<JudgedAnswer> all = answers(random, 200);
  std::bernoulli_distribution coin;
  for (JudgedAnswer& a : all) a.right = coin(random);
  const Calibration c = must(fit_calibration(kNames, all));
  EXPECT_FALSE(limit_risk(c, 0.05));
  const auto everything = limit_risk(c, 0.99);
  ASSERT_TRUE(everything);
  EXPECT_GT(everything->given, 90);
}

TEST(ConfidenceFigures, AreThoseOfAPencil) {
  const std::vector<JudgedConfidence> judged{{0.9, true}, {0.8, false}, {0.8, true}, {0.1, false}};
  const ConfidenceFigures f = confidence_figures(judged);
  EXPECT_EQ(f.n, 4);
  EXPECT_DOUBLE_EQ(f.right, 0.5);
  EXPECT_DOUBLE_EQ(f.auroc, 3.5 / 4);
  EXPECT_NEAR(f.brier, (0.01 + 0.64 + 0.04 + 0.01) / 4, 1e-12);
  EXPECT_NEAR(f.calibration_error, std::abs(2.6 - 2) / 4, 1e-12);  // one bin
  EXPECT_TRUE(std::isnan(confidence_figures({}).auroc));
}

TEST(Calibration, BadInputIsToldApart) {
  std::mt19937 random(5);
  const std::vector<JudgedAnswer> good = answers(random, 60);
  const auto why = [](const Result<Calibration>& r) { return r.ok() ? "" : r.error().message(); };
  const auto with = [&](auto change) {
    std::vector<JudgedAnswer> all = good;
    change(all);
    return why(fit_calibration(kNames, all));
  };
  EXPECT_EQ(with([](auto&) {}), "");
  EXPECT_NE(with([](auto& a) { a.resize(39); }).find("at least 40"), std::string::npos);
  EXPECT_NE(with([](auto& a) { a[3].features.pop_back(); }).find("2 features"), std::string::npos);
  EXPECT_NE(with([](auto& a) {
              a[3].features[0] = std::numeric_limits<double>::quiet_NaN();
            }).find("finite"),
            std::string::npos);
  EXPECT_NE(with([](auto& a) {
              for (auto& x : a) x.right = true;
            }).find("right and wrong"),
            std::string::npos);
}

}  // namespace
}  // namespace ponder
