// Paths over a surface from given starts, side by side: gradient ascent, and Hamiltonian Monte
// Carlo by exact rotations of the base. The same force, on the plane instead of the whole noise, as
// in ponder/search/ascent.h and mcmc/hmc.h. docs/methods.md#noise-space, #ascent.
#pragma once

#include <cstdint>
#include <functional>

#include "landscape/surface.h"

namespace ponder {

/// Told the points looked at so far, of each path. False: stop.
using PathProgress = std::function<bool(int points)>;

struct ClimbConfig {
  int steps = 300;
  double rate = 0.05;                      // of Adam
  double prior_first = 1, prior_last = 0;  // weight of the base, from the first step to the last
};
/// Ascent of log w - prior |z|^2 / 2 by Adam: steps + 1 points a path. On error (kCancelled when
/// told to stop), what was reached before it stands.
Status climb(Surface&, std::span<const Point> starts, const ClimbConfig&, std::vector<Path>& out,
             const PathProgress& = {});

struct HmcPathConfig {
  int trajectories = 100;
  int steps = 3;       // rotations of a trajectory, each a point looked at
  double angle = 0.4;  // of one rotation, radians
  double force = 0.5;  // kappa
  std::uint64_t seed = 0;
};
struct Trajectory {
  Point z, p;  // position, momentum
  double energy() const { return 0.5 * (dot(z, z) + dot(p, p)); }
};
/// L times { half a kick, a rotation, half a kick }: the same back again when the momentum is
/// turned round.
Status leapfrog(Surface&, const HmcPathConfig&, std::span<Trajectory>);

/// The states that a chain keeps, trajectories + 1 of them. Leaves exp(-|z|^2/2) w(z) unchanged,
/// whatever the force.
Status hmc(Surface&, std::span<const Point> starts, const HmcPathConfig&, std::vector<Path>& out,
           const PathProgress& = {});

/// The most that the height of a peak comes to on the path, nats; -inf: it was at none.
double highest(const Surface&, const Path&);

/// n points of a survey's cells at `peak`, drawn by the target's density there, uniform within a
/// cell; the cell's centre where that is at another peak. Errors: kInvalid (no cell at it), those
/// of the surface.
Status draw_starts(Surface&, const Survey&, int peak, int n, std::uint64_t seed,
                   std::vector<Point>& out);

}  // namespace ponder
