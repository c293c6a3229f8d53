// Answers by their masses: the order that all ways report them in, and shares of draws.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ponder/answer/posterior.h"

namespace ponder {

/// The largest mass first; equal masses stay in their order.
void sort_by_mass(std::vector<AnswerMass>&);

/// count / n of each answer, with Wilson's interval of 95 %, the largest first; ties by the answer.
/// A count may be a fraction. n > 0.
std::vector<AnswerMass> shares_of(const std::map<std::string, double>& counts, double n);

}  // namespace ponder
