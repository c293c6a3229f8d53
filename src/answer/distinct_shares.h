// From distinct draws to masses of answers: weights by the threshold, shares, and their intervals.
// How the draws came about is in distinct_draws.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ponder/answer/posterior.h"

namespace ponder {

struct DistinctDraw {
  bool whole = false;  // false: the budget cut it
  std::optional<std::string> answer{};
  Reply reply{};
  double log_q = 0;  // nats, under the law of the draws
};

/// `threshold`: the largest perturbed log-probability that is not among the draws; -inf: there is
/// none, all replies have been drawn.
DistinctAnswers distinct_shares(std::vector<DistinctDraw>, double threshold);

}  // namespace ponder
