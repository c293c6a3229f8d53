// Paths over a surface from given starts, side by side: gradient ascent, and Hamiltonian Monte
// Carlo by exact rotations of the base. The force is that of ponder/search/ascent.h and mcmc/hmc.h,
// on the plane instead of the whole noise. docs/methods.md#noise-space, #ascent.
#pragma once

#include <cstdint>
#include <functional>

#include "landscape/surface.h"

namespace ponder {

/// Called with the number of points evaluated so far on each path. Returning false stops.
using PathProgress = std::function<bool(int points)>;

struct ClimbConfig {
  int steps = 300;
  double rate = 0.05;                      // of Adam
  double prior_first = 1, prior_last = 0;  // weight of the base, from the first step to the last
};
/// Ascent of log w - prior |z|^2 / 2 by Adam: steps + 1 points a path. On an error (kCancelled when
/// told to stop), the paths up to it are kept.
Status climb(Surface&, std::span<const Point> starts, const ClimbConfig&, std::vector<Path>& out,
             const PathProgress& = {});

struct HmcPathConfig {
  int trajectories = 100;
  int steps = 3;       // rotations of a trajectory, each of which evaluates a point
  double angle = 0.4;  // of one rotation, radians
  double force = 0.5;  // kappa
  std::uint64_t seed = 0;
};
struct Trajectory {
  Point z, p;  // position, momentum
  double energy() const { return 0.5 * (dot(z, z) + dot(p, p)); }
};
/// L times { half a kick, a rotation, half a kick }. With the momentum reversed, the trajectory
/// goes back.
Status leapfrog(Surface&, const HmcPathConfig&, std::span<Trajectory>);

/// Records the states of a chain, trajectories + 1 of them. The chain leaves exp(-|z|^2/2) w(z)
/// unchanged for any force.
Status hmc(Surface&, std::span<const Point> starts, const HmcPathConfig&, std::vector<Path>& out,
           const PathProgress& = {});

/// The largest height of a peak on the path, nats; -inf if the path was at no peak.
double highest(const Surface&, const Path&);

/// n points of a survey's cells at `peak`, drawn by the target's density there, uniform within a
/// cell; where the drawn point is at another peak, the cell's centre is taken. Errors: kInvalid (no
/// cell at the peak), those of the surface.
Status draw_starts(Surface&, const Survey&, int peak, int n, std::uint64_t seed,
                   std::vector<Point>& out);

}  // namespace ponder
