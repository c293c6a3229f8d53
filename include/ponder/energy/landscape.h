// The results of a survey of a plane under a standard normal base, as plain values: points with
// their replies, a square of cells, and paths. Not their computation (session/landscape.h).
// docs/methods.md#noise-space.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace ponder {

/// A point of the plane, in standard deviations of the base.
struct Point {
  double u = 0, v = 0;
};
inline Point operator+(Point a, Point b) { return {a.u + b.u, a.v + b.v}; }
inline Point operator*(double s, Point a) { return {s * a.u, s * a.v}; }
inline double dot(Point a, Point b) { return a.u * b.u + a.v * b.v; }

/// The reply at a point.
struct Spot {
  int peak = -1;  // the reply, or the hill; -1: no reply of the law
  double logprob = -std::numeric_limits<double>::infinity();  // nats
  // log w, nats: the target is exp(-|z|^2/2) w(z)
  double log_weight = -std::numeric_limits<double>::infinity();
};

/// n x n cells of a square, each evaluated at its centre.
struct Survey {
  Point low{}, high{};
  int n = 0;
  std::vector<Spot> cells{};  // (rows, n), the lowest v first; n rows unless the survey was stopped
  Point centre(std::size_t cell) const;
  /// Share of each peak, from peak 0 on, in the mass of the target on the square.
  std::vector<double> shares() const;
};

/// The points of one path, its start first, with the replies there.
struct Path {
  std::vector<Point> points{};
  std::vector<Spot> spots{};
};

}  // namespace ponder
