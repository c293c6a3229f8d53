// What people write for budgets, methods and energy terms, read once into values. Kernels:
// KernelSpec (kernel.h).
#pragma once

#include <memory>
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

/// A term that the caller made. No text says what it does, so that no JSON has it. Its error is
/// that of the request; but where the budget's stop flag is set by then, the answer is what was
/// drawn or found before.
struct GivenTerm {
  // Its name is that of a column of the trace. One request at a time asks it, from one thread.
  std::shared_ptr<Term> term{};
  double weight = 1;  // nats a unit of the term
};

/// Preferences besides the probability.
struct TermsRequest {
  std::vector<TermSpec> terms{};
  std::optional<LengthPrior> length_prior{};
  std::string text{};              // as the terms and the prior were written
  std::vector<GivenTerm> given{};  // prove needs their ranges (Term::range)
  bool empty() const { return terms.empty() && !length_prior && given.empty(); }
  /// Names a run in its files: the text, and name:weight of each given term.
  std::string label() const;
  /// Errors: those of TermSpec::parse; kInvalid (a prior that is neither nats a token nor
  /// MEAN,DEVIATION).
  static Result<TermsRequest> parse(const std::vector<std::string>& terms,
                                    const std::string& length_prior);
};
/// Refuses by name the terms that no proof can bound. Errors: kInvalid.
Status check_provable(const TermsRequest&);

}  // namespace ponder
