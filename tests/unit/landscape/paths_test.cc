// Hamiltonian paths visit a surface in proportion to its density for any force; ascent stays on the
// hill where it began.
#include "landscape/paths.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>

#include "gradient_table.h"
#include "landscape/noise_plane.h"
#include "models.h"

namespace ponder::test {
namespace {

// Half the sum of |share of kept states - share of the density's mass| over the peaks, and the
// distance by chance alone: the same between the first and the second half of the paths.
double distance(const std::vector<double>& mass, std::span<const Path> paths, int burn_in) {
  std::vector<double> visits = mass;
  for (double& v : visits) v = 0;
  double n = 0;
  for (const Path& p : paths)
    for (std::size_t k = burn_in; k < p.spots.size(); ++k, ++n)
      if (p.spots[k].peak >= 0 && p.spots[k].peak < static_cast<int>(visits.size()))
        ++visits[p.spots[k].peak];
  double sum = 0;
  for (std::size_t k = 0; k < mass.size(); ++k) sum += std::abs(visits[k] / n - mass[k]) / 2;
  return sum;
}

Survey wide(Surface& s, int n) {
  const Point origin{};
  Survey out = square_around({&origin, 1}, 6, n);
  EXPECT_TRUE(look_around(s, out).ok());
  return out;
}

TEST(Paths, TrajectoriesComeBackWhenTheMomentumIsTurnedRound) {
  TwoHills hills(1);
  const Trajectory start{{-1.3, 0.4}, {0.7, -1.1}};
  Trajectory t = start;
  ASSERT_TRUE(leapfrog(hills, {.force = 0.8}, {&t, 1}).ok());
  EXPECT_GT(std::abs(t.z.u - start.z.u), 0.1);
  t.p = -1 * t.p;
  ASSERT_TRUE(leapfrog(hills, {.force = 0.8}, {&t, 1}).ok());
  EXPECT_NEAR(t.z.u, start.z.u, 1e-9);
  EXPECT_NEAR(t.z.v, start.z.v, 1e-9);
  EXPECT_NEAR(-t.p.u, start.p.u, 1e-9);
}

TEST(Paths, HmcVisitsTheHillsByTheirMass) {
  TwoHills hills(1);
  const std::vector<double> mass = wide(hills, 400).shares();
  ASSERT_EQ(mass.size(), 2u);
  EXPECT_GT(mass[0], 0.05);
  EXPECT_GT(mass[1], mass[0]);
  // The law is the same with the right force, half of it, none, a wrong one, and a step too long
  // for it.
  for (const auto& [force, angle] :
       {std::pair(1., 0.4), {0.5, 0.4}, {0., 0.4}, {-0.3, 0.4}, {0.6, 0.9}}) {
    const std::vector<Point> starts(100, TwoHills::top(0));
    std::vector<Path> paths;
    ASSERT_TRUE(
        hmc(hills, starts, {.trajectories = 3000, .angle = angle, .force = force, .seed = 1}, paths)
            .ok());
    EXPECT_LT(distance(mass, paths, 500), 0.02) << force << " " << angle;
  }
}

TEST(Paths, HmcVisitsRepliesByTheirMass) {
  // its gradient is an arbitrary function
  GradientTable table({.n_vocab = 4, .end_tokens = {0}, .seed = 5, .peak = 1.5});
  const ReplyLaw law =
      must(ReplyLaw::make({.target = Target::kEnded, .horizon = 4}, 4, table.end_tokens()));
  int several = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto plane =
        must(NoisePlane::make(table, table.root(), law, 1.5, {1, 0}, {2, 3, 0}, seed));
    const std::vector<double> mass = wide(*plane, 500).shares();
    for (double m : mass) several += m > 0.02;
    const std::vector<Point> starts(100, plane->first());
    std::vector<Path> paths;
    ASSERT_TRUE(hmc(*plane, starts, {.trajectories = 1200, .seed = 1}, paths).ok());
    EXPECT_LT(distance(mass, paths, 200), 0.02) << seed;
  }
  EXPECT_GE(several, 8);
}

TEST(Paths, AscentStaysOnItsHillAndHmcCrosses) {
  TwoHills hills(1);
  const Survey s = wide(hills, 120);
  std::vector<Point> starts;
  ASSERT_TRUE(draw_starts(hills, s, 0, 100, 3, starts).ok());
  std::vector<Path> ascent, chains;
  ASSERT_TRUE(climb(hills, starts, {}, ascent).ok());
  ASSERT_TRUE(hmc(hills, starts, {}, chains).ok());
  int up = 0, across = 0;
  for (const Path& p : ascent) {
    EXPECT_EQ(highest(hills, p), hills.height(0));
    EXPECT_EQ(p.points.size(), 301u);
    up += p.spots.back().logprob > p.spots.front().logprob;
  }
  for (const Path& p : chains) across += highest(hills, p) == hills.height(1);
  EXPECT_GT(up, 95);
  EXPECT_GT(across, 90);
}

TEST(Paths, AreTheSameBesideOthers) {
  TwoHills hills(1);
  const std::vector<Point> two{{-2, 0}, {1, 1}};
  std::vector<Path> both, first;
  ASSERT_TRUE(hmc(hills, two, {.trajectories = 20, .seed = 9}, both).ok());
  ASSERT_TRUE(hmc(hills, {two.data(), 1}, {.trajectories = 20, .seed = 9}, first).ok());
  EXPECT_EQ(both[0].points.back().u, first[0].points.back().u);
  EXPECT_NE(both[0].points.back().u, both[1].points.back().u);
}

TEST(Paths, StartsLieAtThePeakThatWasAskedFor) {
  TwoHills hills(1);
  const Survey s = wide(hills, 50);
  for (const int peak : {0, 1}) {
    std::vector<Point> starts;
    std::vector<Spot> spots;
    ASSERT_TRUE(draw_starts(hills, s, peak, 500, 7, starts).ok());
    ASSERT_TRUE(hills.look(starts, spots).ok());
    double mean = 0;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      EXPECT_EQ(spots[i].peak, peak);
      mean += starts[i].u / static_cast<double>(starts.size());
    }
    // of a normal times a normal
    EXPECT_NEAR(mean, TwoHills::top(peak).u / (1 + 0.65 * 0.65), 0.1);
  }
  std::vector<Point> none;
  EXPECT_FALSE(draw_starts(hills, s, 2, 1, 7, none).ok());
}

TEST(Paths, StopWhenTold) {
  TwoHills hills(1);
  const Point start{-2, 0};
  const auto two = [](int k) { return k < 2; };
  std::vector<Path> paths;
  EXPECT_EQ(climb(hills, {&start, 1}, {}, paths, two).error().code, Code::kCancelled);
  EXPECT_EQ(paths[0].points.size(), 3u);
  EXPECT_EQ(hmc(hills, {&start, 1}, {}, paths, two).error().code, Code::kCancelled);
  EXPECT_EQ(paths[0].points.size(), 2u);
  Survey s = square_around({&start, 1}, 1, 10);
  EXPECT_EQ(look_around(hills, s, two).error().code, Code::kCancelled);
  EXPECT_EQ(s.cells.size(), 20u);
}

TEST(Survey, CellsCoverTheSquareAndSharesAddUp) {
  TwoHills hills(1);
  const Point show[] = {{-1, 0}, {3, 1}};
  Survey s = square_around(show, 0.5, 10);
  EXPECT_NEAR(s.low.u, -1.5, 1e-12);
  EXPECT_NEAR(s.high.v, 3, 1e-12);
  EXPECT_NEAR(s.centre(0).v, -1.75, 1e-12);
  EXPECT_NEAR(s.centre(99).u, 3.25, 1e-12);
  int rows = 0;
  ASSERT_TRUE(look_around(hills, s, [&](int r) { return (rows = r) > 0; }).ok());
  EXPECT_EQ(rows, 10);
  EXPECT_EQ(s.cells.size(), 100u);
  double sum = 0;
  for (double share : s.shares()) sum += share;
  EXPECT_NEAR(sum, 1, 1e-12);
}

}  // namespace
}  // namespace ponder::test
