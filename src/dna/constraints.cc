// The constraints on every sequence, as a hard term.
#include <algorithm>
#include <limits>

#include "ponder/dna/dna.h"

namespace ponder::dna {
namespace {

class ConstraintTerm final : public Term {
 public:
  explicit ConstraintTerm(Constraints c) : c_(std::move(c)) {}
  std::string_view name() const override { return "constraints"; }
  Status evaluate(std::span<const SequenceView> sequences, std::span<double> out) override {
    for (std::size_t i = 0; i < sequences.size(); ++i)
      out[i] = allows(sequences[i]) ? 0 : -std::numeric_limits<double>::infinity();
    return {};
  }

  // When the edit budget is used up, letters of the start must stay; changes that undo an edit
  // remain possible.
  void mask_changes(SequenceView x, std::span<float> s) const override {
    if (c_.max_edits < 0 || edits(x) < c_.max_edits) return;
    for (std::size_t t = 0; t < x.size(); ++t)
      for (Token v = 0; v < kLetters && x[t] == c_.start[t]; ++v)
        if (v != x[t]) s[t * kLetters + v] = -std::numeric_limits<float>::infinity();
  }

 private:
  int edits(SequenceView x) const {
    int n = 0;
    for (std::size_t t = 0; t < x.size(); ++t) n += x[t] != c_.start[t];
    return n;
  }
  bool allows(SequenceView x) const {
    if (c_.max_edits >= 0 && edits(x) > c_.max_edits) return false;
    return std::none_of(
        c_.forbidden.begin(), c_.forbidden.end(), [x](const std::vector<LetterSet>& pattern) {
          return std::search(x.begin(), x.end(), pattern.begin(), pattern.end(),
                             [](Token v, LetterSet set) { return (set >> v & 1) != 0; }) != x.end();
        });
  }

  Constraints c_;
};

}  // namespace

void forbid_homopolymers(int longest_allowed, Constraints& c) {
  for (int v = 0; v < kLetters; ++v)
    c.forbidden.emplace_back(longest_allowed + 1, static_cast<LetterSet>(1 << v));
}

std::unique_ptr<Term> make_constraint_term(Constraints c) {
  return std::make_unique<ConstraintTerm>(std::move(c));
}

}  // namespace ponder::dna
