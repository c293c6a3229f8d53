// The toy surface, and grids of cells.
#include "landscape/surface.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/log_sum_exp.h"

namespace ponder {
namespace {

struct Hill {
  double log_height;  // nats
  Point top;
};
constexpr std::array<Hill, 2> kHills{{{-1.5, {-2, -0.8}}, {0, {1.8, 1.2}}}};
constexpr double kDeviation = 0.65;  // s

std::array<double, 2> log_parts(Point z) {
  std::array<double, 2> out{};
  for (std::size_t k = 0; k < kHills.size(); ++k) {
    const Point d = z + -1 * kHills[k].top;
    out[k] = kHills[k].log_height - dot(d, d) / (2 * kDeviation * kDeviation);
  }
  return out;
}

}  // namespace

Status TwoHills::look(std::span<const Point> points, std::vector<Spot>& out) {
  out.clear();
  for (Point z : points) {
    const auto parts = log_parts(z);
    const double f = log_sum_exp(parts);
    out.push_back({parts[0] > parts[1] ? 0 : 1, f, alpha_ * f});
  }
  return {};
}

Status TwoHills::slopes(std::span<const Point> points, std::vector<Point>& out) {
  out.clear();
  for (Point z : points) {
    const auto parts = log_parts(z);
    const double f = log_sum_exp(parts);
    Point slope;
    for (std::size_t k = 0; k < kHills.size(); ++k)
      slope = slope + std::exp(parts[k] - f) * alpha_ / (kDeviation * kDeviation) *
                          (kHills[k].top + -1 * z);
    out.push_back(slope);
  }
  return {};
}

double TwoHills::height(int peak) const { return kHills.at(peak).log_height; }
Point TwoHills::top(int peak) { return kHills.at(peak).top; }

Survey square_around(std::span<const Point> points, double margin, int n) {
  Point low = points[0], high = points[0];
  for (Point z : points) {
    low = {std::min(low.u, z.u), std::min(low.v, z.v)};
    high = {std::max(high.u, z.u), std::max(high.v, z.v)};
  }
  const Point middle = 0.5 * (low + high);
  const double half = std::max(high.u - low.u, high.v - low.v) / 2 + margin;
  return {middle + Point{-half, -half}, middle + Point{half, half}, n};
}

Point Survey::centre(std::size_t cell) const {
  const std::size_t whole_rows = cell / n;
  const auto column = static_cast<double>(cell % n), row = static_cast<double>(whole_rows);
  return {low.u + (column + 0.5) / n * (high.u - low.u),
          low.v + (row + 0.5) / n * (high.v - low.v)};
}

std::vector<double> Survey::shares() const {
  std::vector<double> log_mass, out;
  for (std::size_t i = 0; i < cells.size(); ++i)
    log_mass.push_back(cells[i].log_weight - 0.5 * dot(centre(i), centre(i)));
  const double all = log_sum_exp(log_mass);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].peak < 0) continue;
    out.resize(std::max<std::size_t>(out.size(), cells[i].peak + 1));
    out[cells[i].peak] += std::exp(log_mass[i] - all);
  }
  return out;
}

Status look_around(Surface& surface, Survey& s, const std::function<bool(int)>& row_done) {
  s.cells.clear();
  for (int row = 0; row < s.n; ++row) {
    std::vector<Point> points;
    for (int column = 0; column < s.n; ++column)
      points.push_back(s.centre(static_cast<std::size_t>(row) * s.n + column));
    std::vector<Spot> spots;
    PONDER_TRY(surface.look(points, spots));
    s.cells.insert(s.cells.end(), spots.begin(), spots.end());
    if (row_done && !row_done(row + 1)) return stopped();
  }
  return {};
}

}  // namespace ponder
