// The plane through the noise of a tiny model is a part of its noise space: it has the same
// replies, weights and force at the same noise, contains both lifts, and makes no model call for a
// point whose prefixes are known.
#include "landscape/noise_plane.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "law/toy/table.h"
#include "models.h"
#include "ponder/energy/energy.h"
#include "ponder/energy/relaxation.h"
#include "ponder/search/decode.h"

namespace ponder::test {
namespace {

constexpr double kAlpha = 1.5;

struct World {
  explicit World(Target target = Target::kTruncated)
      : density(must(LanguageDensity::make(
            load(tiny_path("llama-tied"), {.precision = Precision::kF32}), {.end_tokens = {294}}))),
        context(must(density->add_context(std::vector<Token>{5, 17}))),
        law(must(ReplyLaw::make({.target = target, .horizon = 6}, density->n_vocab(),
                                density->end_tokens()))) {
    const auto drawn = must(decode(*density, context, law, {.temperature = 1, .seed = 4}, 2, {}));
    x = drawn[0].tokens;
    y = drawn[1].tokens;
  }
  std::unique_ptr<NoisePlane> plane(std::uint64_t seed = 1) const {
    return must(NoisePlane::make(*density, context, law, kAlpha, x, y, seed));
  }
  NoiseRelaxation::State state(const NoisePlane& p, Point z) const {
    NoiseRelaxation::State s;
    for (int t = 0; t < law.horizon(); ++t)
      for (double eps : p.normals(t, z)) s.eps.push_back(static_cast<float>(eps));
    return s;
  }
  std::unique_ptr<LanguageDensity> density;
  PrefixRef context;
  ReplyLaw law;
  std::vector<Token> x, y;
};

std::vector<Point> scattered(const NoisePlane& p) {
  std::vector<Point> out{p.first(), p.second(), p.noise()};
  for (int i = 0; i < 60; ++i) out.push_back({5 * std::sin(1.3 * i), 5 * std::cos(0.7 * i + 1)});
  return out;
}

double inner(std::span<const double> a, std::span<const double> b) {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += a[i] * b[i];
  return s;
}

TEST(NoisePlane, HoldsBothRepliesWithTheirLogProbability) {
  const World w;
  const auto p = w.plane();
  const Point ends[] = {p->first(), p->second()};
  std::vector<Spot> spots;
  ASSERT_TRUE(p->look(ends, spots).ok());
  const Energy e = must(Energy::make(*w.density, w.context, w.law));
  const Energy::Edit edits[] = {{.tail = w.x}, {.tail = w.y}};
  std::vector<ChainState> want;
  ASSERT_TRUE(e.evaluate(edits, want).ok());
  for (int k = 0; k < 2; ++k) {
    EXPECT_EQ(spots[k].peak, k);
    EXPECT_EQ(p->replies()[k].tokens, want[k].tokens);
    EXPECT_NEAR(spots[k].logprob, want[k].logprob, 1e-9);
    EXPECT_EQ(p->height(k), spots[k].logprob);
  }
}

TEST(NoisePlane, CoordinatesAreThoseOfTheNoise) {
  const World w;
  const auto p = w.plane();
  const Point z{1.7, -2.4};
  double uu = 0, uv = 0, vv = 0, u = 0, v = 0;
  for (int t = 0; t < w.law.horizon(); ++t) {
    const auto [a, b] = p->directions(t);
    const std::vector<double> eps = p->normals(t, z);
    uu += inner(a, a), uv += inner(a, b), vv += inner(b, b);
    u += inner(a, eps), v += inner(b, eps);
  }
  EXPECT_NEAR(uu, 1, 1e-9);
  EXPECT_NEAR(vv, 1, 1e-9);
  EXPECT_NEAR(uv, 0, 1e-9);
  EXPECT_NEAR(u, z.u, 1e-9);
  EXPECT_NEAR(v, z.v, 1e-9);
}

TEST(NoisePlane, DecodesAndPushesAsTheNoiseSpaceDoes) {
  for (const Target target : {Target::kTruncated, Target::kFixed}) {
    const World w(target);
    const auto p = w.plane();
    const std::vector<Point> points = scattered(*p);
    std::vector<Spot> spots;
    std::vector<Point> slopes;
    ASSERT_TRUE(p->look(points, spots).ok());
    ASSERT_TRUE(p->slopes(points, slopes).ok());
    NoiseRelaxation space(*w.density, w.context, w.law, kAlpha);
    std::set<int> peaks;
    for (std::size_t i = 0; i < points.size(); ++i) {
      std::vector<float> force;
      NoiseRelaxation::Decoded d;
      ASSERT_TRUE(space.force(w.state(*p, points[i]), 1, 1, force, &d).ok());
      ASSERT_GE(spots[i].peak, 0);
      EXPECT_EQ(p->replies()[spots[i].peak].tokens, d.tokens);
      EXPECT_NEAR(spots[i].logprob, d.logprob, 1e-6);
      EXPECT_NEAR(spots[i].log_weight, d.log_weight, 1e-6);
      Point along;
      for (int t = 0; t < w.law.horizon(); ++t) {
        const auto [a, b] = p->directions(t);
        const std::size_t n = a.size();
        const std::vector<double> f(force.begin() + static_cast<std::ptrdiff_t>(t * n),
                                    force.begin() + static_cast<std::ptrdiff_t>((t + 1) * n));
        along = along + Point{inner(a, f), inner(b, f)};
      }
      EXPECT_NEAR(slopes[i].u, along.u, 1e-4) << i;
      EXPECT_NEAR(slopes[i].v, along.v, 1e-4) << i;
      peaks.insert(spots[i].peak);
    }
    EXPECT_GE(peaks.size(), 3u);
  }
}

TEST(NoisePlane, KnownPointsCostNothing) {
  const World w;
  const auto p = w.plane();
  const std::vector<Point> points = scattered(*p);
  std::vector<Spot> once, again;
  ASSERT_TRUE(p->look(points, once).ok());
  const Cost before = w.density->cost();
  ASSERT_TRUE(p->look(points, again).ok());
  EXPECT_EQ((w.density->cost() - before).total(), 0);
  for (std::size_t i = 0; i < points.size(); ++i) EXPECT_EQ(once[i].peak, again[i].peak);
}

// With target ended, most noise of this model decodes to no reply.
TEST(NoisePlane, SaysWhereThereIsNoReply) {
  World w(Target::kEnded);
  w.x = {294};
  w.y = {7, 294};
  const auto p = w.plane();
  std::vector<Spot> spots;
  const Point far = p->noise();
  ASSERT_TRUE(p->look({&far, 1}, spots).ok());
  EXPECT_EQ(spots[0].peak, -1);
  EXPECT_TRUE(std::isinf(spots[0].log_weight));
  std::vector<Point> slopes;
  ASSERT_TRUE(p->slopes({&far, 1}, slopes).ok());
  EXPECT_EQ(slopes[0].u, 0);
}

TEST(NoisePlane, RefusesWhatSpansNoPlane) {
  const World w;
  const auto refuses = [&](const std::vector<Token>& x, const std::vector<Token>& y) {
    const auto p = NoisePlane::make(*w.density, w.context, w.law, kAlpha, x, y, 1);
    return !p.ok() && p.error().code == Code::kInvalid;
  };
  EXPECT_TRUE(refuses(w.x, w.x));
  EXPECT_TRUE(refuses(w.x, {}));
  EXPECT_TRUE(refuses({1, 2}, w.y));
  EXPECT_TRUE(refuses(std::vector<Token>(9, 1), w.y));
}

}  // namespace
}  // namespace ponder::test
