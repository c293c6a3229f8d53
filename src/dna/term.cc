// Turns tokens and candidate lists into the weights of four letters, and derivatives back.
#include "ponder/dna/terms.h"

#include <cmath>

namespace ponder::dna {
namespace {

class PlainTerm final : public LetterTerm {
 public:
  PlainTerm(std::string name, LetterFunction f) : name_(std::move(name)), f_(std::move(f)) {}
  std::string_view name() const override { return name_; }

 protected:
  Status on_letters(std::span<const std::vector<float>> w, std::span<double> values,
                    std::span<std::vector<double>> dw) override {
    for (std::size_t i = 0; i < w.size(); ++i)
      values[i] = f_(w[i], dw.empty() ? std::span<double>{} : dw[i]);
    return {};
  }

 private:
  std::string name_;
  LetterFunction f_;
};

std::vector<float> one_hot(SequenceView x) {
  std::vector<float> w(x.size() * kLetters, 0.f);
  for (std::size_t t = 0; t < x.size(); ++t) w[t * kLetters + x[t]] = 1;
  return w;
}

}  // namespace

Status LetterTerm::evaluate(std::span<const SequenceView> sequences, std::span<double> out) {
  std::vector<std::vector<float>> w;
  for (SequenceView x : sequences) w.push_back(one_hot(x));
  return on_letters(w, out, {});
}

Status LetterTerm::score(std::span<const std::vector<Token>> x, std::vector<double>& f) {
  const std::vector<SequenceView> views(x.begin(), x.end());
  f.assign(x.size(), 0);
  return evaluate(views, f);
}

Status LetterTerm::evaluate(std::span<const SoftPoint> points, std::vector<SoftValue>& out) {
  std::vector<std::vector<float>> w;
  std::vector<std::vector<double>> dw;
  for (const SoftPoint& p : points) {
    std::vector<float>& all = w.emplace_back(p.weights.size() / p.m * kLetters, 0.f);
    for (std::size_t i = 0; i < p.weights.size(); ++i)
      all[i / p.m * kLetters + p.candidates[i]] += p.weights[i];
    dw.emplace_back(all.size(), 0.);
  }
  std::vector<double> values(points.size());
  PONDER_TRY(on_letters(w, values, dw));
  out.assign(points.size(), {});
  for (std::size_t k = 0; k < points.size(); ++k) {
    const SoftPoint& p = points[k];
    out[k].value = values[k];
    out[k].finite = std::isfinite(values[k]);
    for (std::size_t i = 0; i < p.weights.size(); ++i) {
      const double d = dw[k][i / p.m * kLetters + p.candidates[i]];
      out[k].finite = out[k].finite && std::isfinite(d);
      out[k].weights.push_back(static_cast<float>(d));
    }
    if (!out[k].finite) out[k].weights.clear();
  }
  return {};
}

std::unique_ptr<LetterTerm> make_letter_term(std::string name, LetterFunction f) {
  return std::make_unique<PlainTerm>(std::move(name), std::move(f));
}

}  // namespace ponder::dna
