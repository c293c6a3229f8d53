// Surface: a plane under a standard normal base with, at each of its points, a reply and its log p,
// or a hill of a toy. Not a path over it (paths.h), and not the plane through the noise of a
// decoder (noise_plane.h). docs/methods.md#noise-space.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ponder/core/status.h"
#include "ponder/energy/landscape.h"

namespace ponder {

class Surface {
 public:
  virtual ~Surface() = default;
  virtual Status look(std::span<const Point>, std::vector<Spot>& out) = 0;
  /// The force: an estimate of d log w / d(u, v) that is a function of the point alone; 0 where
  /// there is no reply.
  virtual Status slopes(std::span<const Point>, std::vector<Point>& out) = 0;
  /// The largest log p at a peak, nats.
  virtual double height(int peak) const = 0;
};

/// Two hills: log p = log sum_k h_k exp(-|z - m_k|^2 / (2 s^2)), w = p^alpha. The first is the
/// lower one.
class TwoHills final : public Surface {
 public:
  explicit TwoHills(double alpha) : alpha_(alpha) {}
  Status look(std::span<const Point>, std::vector<Spot>& out) override;
  Status slopes(std::span<const Point>, std::vector<Point>& out) override;
  double height(int peak) const override;
  static Point top(int peak);

 private:
  double alpha_;
};

/// A square around some points with a margin of `margin` on each side.
Survey square_around(std::span<const Point>, double margin, int n);
/// Fills in the cells, row by row. `row_done` gets the number of rows done and returns false to
/// stop; an error (kCancelled after a stop) keeps the rows before it.
Status look_around(Surface&, Survey&, const std::function<bool(int rows)>& row_done = {});

/// The error when the caller has stopped the work.
inline Error stopped() { return {Code::kCancelled, "to finish", "a stop", "landscape", ""}; }

}  // namespace ponder
