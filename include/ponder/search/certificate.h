// What a certificate of best-first search states, and its check: an independent depth-first
// enumeration that shares no code with the search. docs/methods.md#best-first.
#pragma once

#include <string>
#include <vector>

#include "ponder/search/search.h"

namespace ponder {

/// The statement: of the law's replies, `replies` are known, and no other is worth more than
/// `bound` nats (f + prior).
struct Statement {
  int n_best = 1;
  std::vector<Reply> replies;          // worth most first
  std::vector<double> length_prior{};  // as in BestFirstConfig
  Certificate certificate;
};

struct CheckConfig {
  double tolerance = kErrorF32;  // nats: what a log-probability may be off
  int batch = 64;                // prefixes looked at in one pass
};
struct CheckResult {
  bool valid = false;
  std::string why;              // not valid: what is wrong
  std::int64_t n_prefixes = 0;  // looked at
  bool completed = true;        // false: the budget ended it, undecided
};
/// Scores the replies and looks at every prefix worth more than the bound.
Result<CheckResult> check_certificate(CausalDensity&, const PrefixRef& context, const ReplyLaw&,
                                      const Statement&, const CheckConfig&, const Budget&);

}  // namespace ponder
