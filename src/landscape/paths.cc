// All paths make their steps together, so that each step is one batch.
#include "landscape/paths.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "ponder/chains/choices.h"
#include "search/adam.h"

namespace ponder {
namespace {

Status begin(Surface& surface, std::span<const Point> starts, std::vector<Path>& out) {
  std::vector<Spot> spots;
  PONDER_TRY(surface.look(starts, spots));
  out.clear();
  for (std::size_t i = 0; i < starts.size(); ++i) out.push_back({{starts[i]}, {spots[i]}});
  return {};
}

std::vector<Point> ends(std::span<const Path> paths) {
  std::vector<Point> out;
  for (const Path& p : paths) out.push_back(p.points.back());
  return out;
}

}  // namespace

Status climb(Surface& surface, std::span<const Point> starts, const ClimbConfig& c,
             std::vector<Path>& out, const PathProgress& progress) {
  PONDER_TRY(begin(surface, starts, out));
  std::vector<Adam<double>> adam(starts.size(), Adam<double>(2, c.rate));
  for (int k = 0; k < c.steps; ++k) {
    std::vector<Point> at = ends(out), slopes;
    std::vector<Spot> spots;
    PONDER_TRY(surface.slopes(at, slopes));
    const double share = c.steps > 1 ? static_cast<double>(k) / (c.steps - 1) : 1;
    const double prior = c.prior_first + share * (c.prior_last - c.prior_first);
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double gradient[] = {slopes[i].u - prior * at[i].u, slopes[i].v - prior * at[i].v};
      double z[] = {at[i].u, at[i].v};
      adam[i].ascend(gradient, z);
      at[i] = {z[0], z[1]};
    }
    PONDER_TRY(surface.look(at, spots));
    for (std::size_t i = 0; i < at.size(); ++i)
      out[i].points.push_back(at[i]), out[i].spots.push_back(spots[i]);
    if (progress && !progress(k + 1)) return stopped();
  }
  return {};
}

Status leapfrog(Surface& surface, const HmcPathConfig& c, std::span<Trajectory> all) {
  const double cosine = std::cos(c.angle), sine = std::sin(c.angle);
  const auto kick = [&](double step) -> Status {
    std::vector<Point> at, slopes;
    for (const Trajectory& t : all) at.push_back(t.z);
    PONDER_TRY(surface.slopes(at, slopes));
    for (std::size_t i = 0; i < all.size(); ++i) all[i].p = all[i].p + c.force * step * slopes[i];
    return {};
  };
  PONDER_TRY(kick(c.angle / 2));
  for (int k = 1; k <= c.steps; ++k) {
    for (Trajectory& t : all) t = {cosine * t.z + sine * t.p, cosine * t.p + -sine * t.z};
    // the second half kick, and the first one of the next rotation
    PONDER_TRY(kick(k < c.steps ? c.angle : c.angle / 2));
  }
  return {};
}

Status hmc(Surface& surface, std::span<const Point> starts, const HmcPathConfig& c,
           std::vector<Path>& out, const PathProgress& progress) {
  PONDER_TRY(begin(surface, starts, out));
  for (int k = 0; k < c.trajectories; ++k) {
    const StepChoices choices(c.seed, out.size(), static_cast<std::uint32_t>(k));
    std::vector<Trajectory> all;
    std::vector<double> before;
    for (std::size_t i = 0; i < out.size(); ++i) {
      float p[2];
      choices[i].normals(p);
      all.push_back({out[i].points.back(), {p[0], p[1]}});
      before.push_back(all[i].energy());
    }
    PONDER_TRY(leapfrog(surface, c, all));
    std::vector<Point> at;
    std::vector<Spot> spots;
    for (const Trajectory& t : all) at.push_back(t.z);
    PONDER_TRY(surface.look(at, spots));
    for (std::size_t i = 0; i < out.size(); ++i) {
      Path& path = out[i];
      const double log_ratio =
          spots[i].log_weight - path.spots.back().log_weight - (all[i].energy() - before[i]);
      const bool accepted = choices[i].accept(log_ratio);
      path.points.push_back(accepted ? at[i] : path.points.back());
      path.spots.push_back(accepted ? spots[i] : path.spots.back());
    }
    if (progress && !progress((k + 1) * c.steps)) return stopped();
  }
  return {};
}

double highest(const Surface& surface, const Path& p) {
  double most = -std::numeric_limits<double>::infinity();
  for (const Spot& s : p.spots)
    if (s.peak >= 0) most = std::max(most, surface.height(s.peak));
  return most;
}

Status draw_starts(Surface& surface, const Survey& s, int peak, int n, std::uint64_t seed,
                   std::vector<Point>& out) {
  std::vector<std::size_t> cells;
  std::vector<double> log_density;
  for (std::size_t i = 0; i < s.cells.size(); ++i)
    if (s.cells[i].peak == peak) {
      cells.push_back(i);
      log_density.push_back(s.cells[i].log_weight - 0.5 * dot(s.centre(i), s.centre(i)));
    }
  if (cells.empty())
    return Error{Code::kInvalid, "a cell at the start's reply",
                 "none of " + std::to_string(s.cells.size()), "draw_starts", "take a finer grid"};
  std::vector<Point> centres;
  out.clear();
  for (int k = 0; k < n; ++k) {
    // a step number that no chain uses
    const auto choices = random_choices(seed, static_cast<std::uint32_t>(k), UINT32_MAX);
    centres.push_back(s.centre(cells[choices->categorical(log_density)]));
    const double width = (s.high.u - s.low.u) / s.n;
    const double du = choices->uniform() - 0.5, dv = choices->uniform() - 0.5;
    out.push_back(centres.back() + width * Point{du, dv});
  }
  std::vector<Spot> spots;
  PONDER_TRY(surface.look(out, spots));
  for (int k = 0; k < n; ++k)
    if (spots[k].peak != peak) out[k] = centres[k];
  return {};
}

}  // namespace ponder
