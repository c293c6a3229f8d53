// Ascent: on a score whose positions are loosely coupled it climbs to the best string; its relaxed
// value is f where the weights are certain; frozen positions stay. In noise space it stays among
// replies.
#include "ponder/search/ascent.h"

#include <cmath>
#include <numeric>

#include "worlds.h"

namespace ponder {
namespace {

// f = sum_t a_t(x_t) + b sum_t [x_t = x_{t+1}], relaxed by its multilinear extension.
class PairScore final : public SoftScore {
 public:
  static constexpr int kVocab = 4;
  PairScore(int n, double coupling, std::uint32_t seed) : coupling_(coupling) {
    std::mt19937 rng(seed);
    std::normal_distribution<double> normal;
    for (int i = 0; i < n * kVocab; ++i) own_.push_back(normal(rng));
  }
  int n() const { return static_cast<int>(own_.size()) / kVocab; }
  double f(const std::vector<Token>& x) const {
    double sum = 0;
    for (std::size_t t = 0; t < x.size(); ++t)
      sum += own_[t * kVocab + x[t]] + (t > 0 && x[t] == x[t - 1]) * coupling_;
    return sum;
  }
  Status score(std::span<const std::vector<Token>> xs, std::vector<double>& out) override {
    out.clear();
    for (const auto& x : xs) out.push_back(f(x));
    return {};
  }
  Status evaluate(std::span<const SoftPoint> points, std::vector<SoftValue>& out) override {
    if (++calls > most_calls) return Error{Code::kCancelled, "", "", "", ""};
    out.assign(points.size(), {});
    for (std::size_t i = 0; i < points.size(); ++i) {
      const auto& w = points[i].weights;
      out[i].weights.assign(w.size(), 0);
      for (std::size_t k = 0; k < w.size(); ++k) {
        double slope = own_[k];
        out[i].value += own_[k] * w[k];
        if (k >= kVocab) out[i].value += coupling_ * w[k] * w[k - kVocab];
        if (k >= kVocab) slope += coupling_ * w[k - kVocab];
        if (k + kVocab < w.size()) slope += coupling_ * w[k + kVocab];
        out[i].weights[k] = static_cast<float>(slope);
      }
    }
    return {};
  }
  int calls = 0, most_calls = 1 << 30;

 private:
  double coupling_;
  std::vector<double> own_;
};

std::vector<Token> all_tokens(int n) {
  std::vector<Token> c;
  for (int i = 0; i < n * PairScore::kVocab; ++i) c.push_back(i % PairScore::kVocab);
  return c;
}

// The best f by enumeration.
double best_f(const PairScore& s) {
  double best = -1e9;
  std::vector<Token> x(s.n(), 0);
  for (int k = 0; k < std::pow(PairScore::kVocab, s.n()); ++k) {
    for (int t = 0, rest = k; t < s.n(); ++t, rest /= PairScore::kVocab)
      x[t] = rest % PairScore::kVocab;
    best = std::max(best, s.f(x));
  }
  return best;
}

TEST(Ascent, ClimbsToTheBestStringWherePositionsAreLooselyCoupled) {
  for (const auto kind :
       {TokenRelaxation::Kind::kStraightThrough, TokenRelaxation::Kind::kSoftmax}) {
    int found = 0;
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
      PairScore s(6, 0.3, seed);
      const std::vector<Token> start(6, static_cast<Token>(seed % 4));
      const auto r = ascend(s, start, all_tokens(6), 4, {}, {.relaxation = kind, .seed = seed});
      ASSERT_TRUE(r.ok()) << r.error().message();
      EXPECT_NEAR(r->f, s.f(r->best), 1e-12);
      EXPECT_GE(r->f, s.f(start));
      found += r->f > best_f(s) - 1e-9;
    }
    EXPECT_GE(found, 18);
  }
}

TEST(Ascent, IsGuidedByItsGradient) {
  // One token in 64 strings of 20 positions is right at each: noise alone does not find them.
  PairScore s(20, 0, 5);
  double best = 0, random = -1e9;
  const std::vector<Token> start(20, 0);
  const auto r = ascend(s, start, all_tokens(20), 4, {}, {});
  std::mt19937 rng(1);
  for (int k = 0; k < 240; ++k) {
    std::vector<Token> x;
    for (int t = 0; t < 20; ++t) x.push_back(static_cast<Token>(rng() % 4));
    random = std::max(random, s.f(x));
  }
  for (int t = 0; t < 20; ++t) {
    double top = -1e9;
    for (Token v = 0; v < 4; ++v) {
      std::vector<Token> x = start;
      x[t] = v;
      top = std::max(top, s.f(x) - s.f(start));
    }
    best += top;
  }
  best += s.f(start);
  EXPECT_GT(r->f, random + 3);
  EXPECT_GT(r->f, best - 1.5);
}

TEST(Ascent, FrozenPositionsStayAndACertainValueIsF) {
  PairScore s(5, 0.5, 3);
  const std::vector<Token> start{1, 2, 3, 0, 1};
  const auto some = ascend(s, start, all_tokens(5), 4, {true, false, false, true, true}, {});
  EXPECT_EQ(some->best[0], 1);
  EXPECT_EQ(some->best[3], 0);
  EXPECT_EQ(some->best[4], 1);
  // All frozen: every weight is 0 or 1.
  const AscentConfig soft{.relaxation = TokenRelaxation::Kind::kSoftmax, .steps = 2};
  const auto none = ascend(s, start, all_tokens(5), 4, std::vector<bool>(5, true), soft);
  EXPECT_EQ(none->best, start);
  EXPECT_NEAR(none->relaxed, s.f(start), 1e-6);
  EXPECT_NEAR(none->gap, 0, 1e-6);
  const auto free = ascend(s, start, all_tokens(5), 4, {}, soft);
  // at a high temperature a mixture differs from the string that it snaps to
  EXPECT_GT(std::abs(free->gap), 0.01);
}

TEST(Ascent, StopsAndRefuses) {
  PairScore s(4, 0, 1);
  s.most_calls = 3;
  const std::vector<Token> start{0, 0, 0, 0};
  const auto r = ascend(s, start, all_tokens(4), 4, {}, {});
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->steps, 3);
  EXPECT_FALSE(ascend(s, {0, 0}, all_tokens(4), 4, {}, {}).ok());
  EXPECT_FALSE(ascend(s, {0, 0, 0, 9}, all_tokens(4), 4, {}, {}).ok());
  EXPECT_FALSE(ascend(s, start, all_tokens(4), 4, {true}, {}).ok());
  EXPECT_FALSE(ascend(s, start, all_tokens(4), 4, {}, {.tau_last = 0}).ok());
}

}  // namespace
}  // namespace ponder
