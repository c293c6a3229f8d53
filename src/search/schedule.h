// Which methods think runs, in which order, and their shares of the budget. What a method does:
// methods.h.
#pragma once

#include <string>
#include <vector>

#include "search/methods.h"

namespace ponder {

struct ScheduledMethod {
  std::string method, name;  // with its settings, and without
  MethodFunction run;
  double share;  // of the budget left
};

/// The methods that the caller named, in even shares; or the portfolio, where none was. Errors:
/// those of check_methods.
Result<std::vector<ScheduledMethod>> schedule_of(const ThinkConfig&, Target);
/// What follows a long first reply: a beam of this width, unless that is less than 2, and
/// annealing.
Result<std::vector<ScheduledMethod>> long_schedule(int width);

}  // namespace ponder
