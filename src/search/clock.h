// A running Budget: seconds since its construction, tokens by the density's own count, and the
// caller's stop flag.
#pragma once

#include <algorithm>
#include <chrono>

#include "ponder/search/search.h"

namespace ponder {

class Clock {
 public:
  Clock(const CausalDensity& d, const Budget& b) : density_(d), budget_(b), cost_(d.cost()) {}
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  Cost cost() const { return density_.cost() - cost_; }
  bool over() const {
    return budget_.stopped() || seconds() >= budget_.seconds || cost().total() >= budget_.tokens ||
           (budget_.enough && budget_.enough());
  }
  /// Spent share of the budget, the larger of the shares of seconds and tokens; 0 without limits.
  double spent() const {
    const bool counted = budget_.tokens != std::numeric_limits<std::int64_t>::max();
    return std::max(
        seconds() / budget_.seconds,
        counted ? static_cast<double>(cost().total()) / static_cast<double>(budget_.tokens) : 0);
  }
  /// Returns a share of the remaining budget.
  Budget rest(double share = 1) const {
    Budget b = budget_;
    b.seconds = (budget_.seconds - seconds()) * share;
    if (budget_.tokens != std::numeric_limits<std::int64_t>::max())
      b.tokens =
          static_cast<std::int64_t>(static_cast<double>(budget_.tokens - cost().total()) * share);
    return b;
  }

 private:
  const CausalDensity& density_;
  const Budget& budget_;
  Cost cost_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// How many replies side by side end within a budget, if one alone took so many seconds and so much
/// work; each may be 1.2 times as long. A step of w replies takes about 0.8 + 0.2 w times as long
/// as a step of one (`decode` and `streams` in docs/performance.md). At most `most`; 0: not even
/// one ends.
inline int streams_in_time(double seconds, std::int64_t tokens, const Budget& rest, int most) {
  constexpr double kLonger = 1.2, kStep = 0.8, kEach = 0.2;
  const double by_time = (rest.seconds / (kLonger * seconds) - kStep) / kEach;
  const double by_work = static_cast<double>(rest.tokens) / (kLonger * static_cast<double>(tokens));
  return static_cast<int>(std::clamp(std::min(by_time, by_work), 0., static_cast<double>(most)));
}

}  // namespace ponder
