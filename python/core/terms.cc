// Replies as arrays, one call of Python for all that a step evaluates.
#include "terms.h"

#include <algorithm>
#include <cstdint>

#include <nanobind/stl/pair.h>

#include "arrays.h"
#include "functions.h"

namespace nb = nanobind;

namespace ponder::python {
namespace {

class PythonTerm final : public Term {
 public:
  PythonTerm(const std::string& name, nb::object value, nb::object range, Flags& flags)
      : value_(name, std::move(value), flags), range_(name, std::move(range), flags) {}
  std::string_view name() const override { return value_.name(); }
  Status evaluate(std::span<const std::span<const Token>> replies, std::span<double> out) override {
    return values(replies, out);
  }
  // Without a range nothing is known. Nor is where Python has raised: the call has no answer then.
  TermRange range(std::span<const Token> begin, int n_most) const override {
    TermRange r;
    if (n_most <= static_cast<int>(begin.size())) {
      double value = 0;
      if (values({&begin, 1}, {&value, 1}).ok()) r = {value, value};
    } else if (range_) {
      (void)range_.call([&](const nb::object& f) {
        const auto [least, most] = nb::cast<std::pair<double, double>>(
            f(array_of(std::vector<Token>(begin.begin(), begin.end())), n_most));
        r = {least, most};
      });
    }
    return r;
  }

 private:
  Status values(std::span<const std::span<const Token>> replies, std::span<double> out) const {
    std::size_t longest = 0;
    for (const auto& x : replies) longest = std::max(longest, x.size());
    std::vector<Token> tokens(replies.size() * longest, -1);
    std::vector<std::int64_t> length;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      std::copy(replies[i].begin(), replies[i].end(),
                tokens.begin() + static_cast<std::ptrdiff_t>(i * longest));
      length.push_back(static_cast<std::int64_t>(replies[i].size()));
    }
    return value_.call([&](const nb::object& f) {
      take(f(array_of(std::move(tokens), {replies.size(), longest}), array_of(std::move(length))),
           out);
    });
  }

  Function value_, range_;
};

}  // namespace

std::vector<GivenTerm> given_terms(const std::vector<TermTuple>& terms, Flags& flags) {
  const nb::gil_scoped_acquire held;  // each term gets references of its own
  std::vector<GivenTerm> all;
  for (const auto& [name, weight, value, range] : terms)
    all.push_back({std::make_shared<PythonTerm>(name, value, range, flags), weight});
  return all;
}

}  // namespace ponder::python
