// Oracles of DNA that are written in Python: sequences as letters, and mixtures of letters where
// there is a derivative.
#include <algorithm>
#include <cstdint>

#include <nanobind/stl/pair.h>

#include "arrays.h"
#include "functions.h"
#include "ponder/dna/terms.h"
#include "terms.h"

namespace nb = nanobind;

namespace ponder::python {
namespace {

using dna::kLetters;

// Calls value with sequences of one length; letter(i, t) is the one at t of the i-th.
template <class Letter>
Status values_of(const Function& value, std::size_t n, std::size_t length, const Letter& letter,
                 std::span<double> out) {
  std::vector<std::uint8_t> letters;
  letters.reserve(n * length);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t t = 0; t < length; ++t)
      letters.push_back(static_cast<std::uint8_t>(letter(i, t)));
  return value.call([&](const nb::object& f) {
    take(f(array_of(std::move(letters), {n, length})), out);
  });
}

// Only scores.
class PythonScore final : public Term {
 public:
  PythonScore(const std::string& name, nb::object value, Flags& flags)
      : value_(name, std::move(value), flags) {}
  std::string_view name() const override { return value_.name(); }
  Status evaluate(std::span<const dna::SequenceView> x, std::span<double> out) override {
    if (x.empty()) return {};
    return values_of(
        value_, x.size(), x[0].size(), [&](auto i, auto t) { return x[i][t]; }, out);
  }

 private:
  Function value_;
};

class PythonOracle final : public dna::LetterTerm {
 public:
  PythonOracle(const std::string& name, nb::object value, nb::object value_and_grad, Flags& flags)
      : value_(name, std::move(value), flags),
        value_and_grad_(name, std::move(value_and_grad), flags) {}
  std::string_view name() const override { return value_.name(); }

 protected:
  // Where no derivative is wanted, w are sequences (LetterTerm).
  Status on_letters(std::span<const std::vector<float>> w, std::span<double> values,
                    std::span<std::vector<double>> dw) override {
    if (w.empty()) return {};
    const std::size_t length = w[0].size() / kLetters;
    if (dw.empty())
      return values_of(
          value_, w.size(), length,
          [&](auto i, auto t) {
            const auto row = w[i].begin() + static_cast<std::ptrdiff_t>(t * kLetters);
            return std::max_element(row, row + kLetters) - row;
          },
          values);
    std::vector<float> all;
    for (const auto& one : w) all.insert(all.end(), one.begin(), one.end());
    return value_and_grad_.call([&](const nb::object& f) {
      const auto both = nb::cast<std::pair<nb::object, nb::object>>(
          f(array_of(std::move(all), {w.size(), length, std::size_t{kLetters}})));
      take(both.first, values);
      std::vector<double> gradients(w.size() * length * kLetters);
      take(both.second, gradients);
      auto d = gradients.begin();
      for (auto& one : dw)
        for (double& x : one) x += *d++;
    });
  }

 private:
  Function value_, value_and_grad_;
};

}  // namespace

GivenTerm given_oracle(const OracleTuple& oracle, Flags& flags) {
  const auto& [name, weight, value, value_and_grad] = oracle;
  if (value_and_grad.is_none()) return {std::make_shared<PythonScore>(name, value, flags), weight};
  return {std::make_shared<PythonOracle>(name, value, value_and_grad, flags), weight};
}

}  // namespace ponder::python
