// GumbelTable: the transform between normals and Gumbel noise by cubic interpolation, to 1e-10;
// outside its range the functions of gumbel.h are called. A vocabulary row needs tens of thousands
// of transforms.
#pragma once

#include <vector>

#include "base/gumbel.h"

namespace ponder {

class GumbelTable {
 public:
  static const GumbelTable& get();
  double gumbel_of_normal(double eps) const {
    return gumbel_.holds(eps) ? gumbel_(eps) : ponder::gumbel_of_normal(eps);
  }
  double normal_of_gumbel(double g) const {
    return normal_.holds(g) ? normal_(g) : ponder::normal_of_gumbel(g);
  }

 private:
  // Cubic Hermite (two values and two slopes an interval).
  class Cubic {
   public:
    template <class F, class D>
    Cubic(double low, double high, const F& value, const D& slope) : low_(low), high_(high) {
      for (double x = low; x <= high + kWidth; x += kWidth)
        knots_.push_back({value(x), slope(x) * kWidth});
    }
    bool holds(double x) const { return x >= low_ && x < high_; }
    double operator()(double x) const {
      const double at = (x - low_) / kWidth;
      const auto i = static_cast<std::size_t>(at);
      const Knot &a = knots_[i], &b = knots_[i + 1];
      const double t = at - static_cast<double>(i), rise = b.value - a.value;
      return a.value + t * (a.slope + t * (3 * rise - 2 * a.slope - b.slope +
                                           t * (a.slope + b.slope - 2 * rise)));
    }

   private:
    static constexpr double kWidth = 1. / 64;
    struct Knot {
      double value, slope;  // slope: times the length of the interval
    };
    double low_, high_;
    std::vector<Knot> knots_{};
  };
  GumbelTable();
  Cubic gumbel_, normal_;
};

}  // namespace ponder
