// The thresholded weights of Kool, van Hoof, Welling 2019, section 4.2 (after priority sampling,
// Duffield, Lund, Thorup 2007). Given the threshold, a draw is among those kept with probability
// q_k = P(log q + Gumbel > threshold) on its own, so that the sum of q / q_k has no bias, and the
// sum of (q / q_k)^2 (1 - q_k) estimates its variance.
#include "answer/distinct_shares.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "answer/shares.h"

namespace ponder {
namespace {

// q_k = 1 - exp(-exp(log q - threshold)), as its logarithm and as what it leaves.
struct Kept {
  double log_q_k, left;
};
Kept kept(double log_q, double threshold) {
  // Below the first, q_k is exp(log q - threshold) to the last digit; above the second, what it
  // leaves has too few digits to be divided by.
  constexpr double kSmall = -30, kLarge = 6;
  const double d = log_q - threshold, left = d > kLarge ? 0 : std::exp(-std::exp(d));
  return {d < kSmall ? d : std::log(-std::expm1(-std::exp(d))), left};
}

// Sums over draws.
struct Known {
  double mass = 0;      // found
  double excess = 0;    // weights less masses: an estimate of the mass that was not found
  double variance = 0;  // of the weights

  void add(double q, double weight, double left) {
    mass += q;
    excess += weight * left;
    variance += weight * weight * left;
  }
};

// The mass that was not drawn, divided among answers like the excess of all draws.
class Division {
 public:
  Division(const Known& all, double undrawn) : all_(all), undrawn_(undrawn) {}
  bool is_known() const { return all_.excess > 0; }
  double share(const Known& k) const { return k.mass + undrawn_ * part(k); }
  /// The wider, on either side, of two intervals of the part: by the variance of the ratio, which
  /// is 0 where all excess is of one answer, and Wilson's by the effective number of draws (Kish
  /// 1965), which never holds 0 where the answer has any excess.
  Interval interval(const Known& k) const {
    constexpr double kZ = 1.959963984540054;
    const double r = part(k), n = is_known() ? all_.excess * all_.excess / all_.variance : 0;
    const double others = std::max(0., all_.variance - k.variance);  // rounding
    const double variance = k.variance * (1 - r) * (1 - r) + others * r * r;
    const double half = is_known() ? kZ * std::sqrt(variance) / all_.excess : 0;
    const Interval i = wilson(n * r, n);
    const double lower = std::max(0., std::min(r - half, i.lower));
    const double upper = std::min(1., std::max(r + half, i.upper));
    return {k.mass + undrawn_ * lower, k.mass + undrawn_ * upper};
  }

 private:
  double part(const Known& k) const { return is_known() ? k.excess / all_.excess : 0; }

  Known all_;
  double undrawn_;
};

}  // namespace

DistinctAnswers distinct_shares(std::vector<DistinctDraw> draws, double threshold) {
  DistinctAnswers out;
  std::map<std::optional<std::string>, Known> known;
  Known all, unfinished;
  for (DistinctDraw& d : draws) {
    const Kept with = kept(d.log_q, threshold);
    const double q = std::exp(d.log_q), weight = std::exp(d.log_q - with.log_q_k);
    all.add(q, weight, with.left);
    (d.whole ? known[d.answer] : unfinished).add(q, weight, with.left);
    out.total += weight;
    if (!d.whole) {
      out.unfinished.push_back(std::move(d.reply));
      continue;
    }
    out.weights.push_back(weight);
    out.masses.push_back(q);
    out.found += q;
    out.given.push_back(std::move(d.answer));
    out.replies.push_back(std::move(d.reply));
  }
  out.n = static_cast<int>(out.replies.size());
  const double undrawn = std::isinf(threshold) ? 0 : std::max(0., 1 - all.mass);
  const Division division(all, undrawn);
  out.open = division.is_known() ? division.share(unfinished) : undrawn + unfinished.mass;
  double first = 0, second = 0;  // found of the two answers of which most was found
  for (const auto& [answer, k] : known) {
    if (!answer) {
      out.none = division.share(k);
      continue;
    }
    const Interval i = division.interval(k);
    out.answers.push_back(
        {*answer, division.share(k), i.lower, std::min(1., i.upper + unfinished.mass)});
    second = std::max(second, std::min(first, k.mass));
    first = std::max(first, k.mass);
  }
  sort_by_mass(out.answers);
  out.settled = first > second + undrawn + unfinished.mass;
  return out;
}

}  // namespace ponder
