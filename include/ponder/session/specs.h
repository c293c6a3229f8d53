// What people write for budgets, methods and energy terms, read once into values. Kernels:
// KernelSpec (kernel.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ponder/energy/terms.h"
#include "ponder/search/search.h"

namespace ponder {

/// Time, tokens or both, by comma: 10 or 10s, 1m, 5000t; an empty text: no limit. `where`: for
/// messages. Errors: kInvalid.
Result<Budget> parse_budget(std::string_view text, const std::string& where);

/// A list that was cut at each comma, put together again: commas part methods as well as the
/// settings of one, and what has no name before its `=` goes on with the method before.
std::vector<std::string> join_settings(const std::vector<std::string>& pieces);

/// An energy term, name:weight[:argument].
struct TermSpec {
  std::string name, argument{};
  double weight = 1;  // nats
  bool hard = false;  // demanded, instead of a weight
  /// Errors: kInvalid (another form, an unknown name with the nearest known one).
  static Result<TermSpec> parse(const std::string& text);
};
/// Names of terms, sorted. `provable`: only those whose range over replies that begin alike is
/// known (Term::range).
std::vector<std::string> term_names(bool provable);

/// Preferences besides the probability.
struct TermsRequest {
  std::vector<TermSpec> terms{};
  std::optional<LengthPrior> length_prior{};
  std::string text{};  // as it was written: names a run in its files
  bool empty() const { return terms.empty() && !length_prior; }
  /// Errors: those of TermSpec::parse; kInvalid (a prior that is neither nats a token nor
  /// MEAN,DEVIATION).
  static Result<TermsRequest> parse(const std::vector<std::string>& terms,
                                    const std::string& length_prior);
};
/// Refuses by name the terms that no proof can bound. Errors: kInvalid.
Status check_provable(const TermsRequest&);

}  // namespace ponder
