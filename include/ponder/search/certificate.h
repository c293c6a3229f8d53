// The statement of a certificate of best-first search, and its check by a depth-first enumeration
// that shares no code with the search. docs/methods.md#best-first.
#pragma once

#include <string>
#include <vector>

#include "ponder/search/search.h"

namespace ponder {

/// The statement that, besides `replies`, no reply of the law is worth more than `bound` nats (f +
/// prior).
struct Statement {
  int n_best = 1;
  std::vector<Reply> replies;          // worth most first
  std::vector<double> length_prior{};  // as in BestFirstConfig
  Certificate certificate;
};

struct CheckConfig {
  double tolerance = kErrorF32;  // nats: the largest error of a log-probability
  int batch = 64;                // prefixes evaluated in one pass
};
struct CheckResult {
  bool valid = false;
  std::string why;              // the reason where the statement is not valid
  std::int64_t n_prefixes = 0;  // looked at
  bool completed = true;        // false: the budget ended the check undecided
};
/// Scores the replies and evaluates every prefix worth more than the bound.
Result<CheckResult> check_certificate(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                      const Statement&, const CheckConfig&, const Budget&);

}  // namespace ponder
