// An energy owns its terms, and a caller shares the ones that it gives: each gets an owner here.
#include "session/given_terms.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace ponder {
namespace {

class SharedTerm final : public Term {
 public:
  explicit SharedTerm(std::shared_ptr<Term> t) : term_(std::move(t)) {}
  std::string_view name() const override { return term_->name(); }
  Status evaluate(std::span<const std::span<const Token>> replies, std::span<double> out) override {
    return term_->evaluate(replies, out);
  }
  TermRange range(std::span<const Token> begin, int n_most) const override {
    return term_->range(begin, n_most);
  }
  SoftScore* relaxed() override { return term_->relaxed(); }
  void mask_changes(std::span<const Token> x, std::span<float> s) const override {
    term_->mask_changes(x, s);
  }

 private:
  std::shared_ptr<Term> term_;
};

// Columns and coordinates of a trace that no term may replace.
constexpr std::array<std::string_view, 6> kTaken{"",       "logprob", "distance",
                                                 "length", "tokens",  "constraints"};

}  // namespace

Status add_given(std::span<const GivenTerm> given, std::vector<std::unique_ptr<Term>>& terms,
                 std::vector<double>& weights) {
  for (const GivenTerm& g : given) {
    if (!g.term) return invalid("a term", "none", "a given term");
    const std::string_view name = g.term->name();
    const bool taken =
        std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end() ||
        std::any_of(terms.begin(), terms.end(), [&](const auto& t) { return t->name() == name; });
    if (taken)
      return invalid("a name that no other column of the trace has", "'" + std::string(name) + "'",
                     "a given term", "give the term another name");
    terms.push_back(std::make_unique<SharedTerm>(g.term));
    weights.push_back(g.weight);
  }
  return {};
}

}  // namespace ponder
