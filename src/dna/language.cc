// Maps letters to the tokens that spell them, and derivatives back to letters.
#include "ponder/dna/language.h"

#include <algorithm>
#include <cmath>

namespace ponder::dna {
namespace {

// The letters of rows that are each one letter; empty for a mixture.
Sequence letters_of(std::span<const float> w) {
  Sequence x;
  for (std::size_t t = 0; t < w.size(); t += kLetters) {
    const auto row = w.subspan(t, kLetters);
    const auto one = std::find(row.begin(), row.end(), 1.f);
    if (one == row.end() || std::count(row.begin(), row.end(), 0.f) != kLetters - 1) return {};
    x.push_back(static_cast<Token>(one - row.begin()));
  }
  return x;
}

class ScoreTerm final : public LetterTerm {
 public:
  ScoreTerm(std::string name, std::unique_ptr<SoftScore> s, const LetterTokens& tokens, int at_once)
      : name_(std::move(name)),
        score_(std::move(s)),
        tokens_(tokens),
        at_once_(static_cast<std::size_t>(at_once)) {}
  std::string_view name() const override { return name_; }

 protected:
  Status on_letters(std::span<const std::vector<float>> w, std::span<double> values,
                    std::span<std::vector<double>> dw) override {
    for (std::size_t i = 0; i < w.size(); i += at_once_) {
      const std::size_t n = std::min(at_once_, w.size() - i);
      PONDER_TRY(batch(w.subspan(i, n), values.subspan(i, n), dw.empty() ? dw : dw.subspan(i, n)));
    }
    return {};
  }

 private:
  Status batch(std::span<const std::vector<float>> w, std::span<double> values,
               std::span<std::vector<double>> dw) {
    if (dw.empty()) {  // without a derivative no backward pass is needed
      std::vector<std::vector<Token>> x;
      for (const auto& one : w) {
        x.push_back(letters_of(one));
        for (Token& v : x.back()) v = tokens_[v];
      }
      if (std::none_of(x.begin(), x.end(), [](const auto& one) { return one.empty(); })) {
        std::vector<double> f;
        PONDER_TRY(score_->score(x, f));
        std::copy(f.begin(), f.end(), values.begin());
        return {};
      }
    }
    return mixtures(w, values, dw);
  }

  Status mixtures(std::span<const std::vector<float>> w, std::span<double> values,
                  std::span<std::vector<double>> dw) {
    std::vector<std::vector<Token>> candidates;
    std::vector<SoftPoint> points;
    for (const auto& one : w) {
      std::vector<Token>& list = candidates.emplace_back();
      for (std::size_t i = 0; i < one.size(); ++i) list.push_back(tokens_[i % kLetters]);
    }
    for (std::size_t i = 0; i < w.size(); ++i) points.push_back({candidates[i], w[i], kLetters});
    std::vector<SoftValue> v;
    PONDER_TRY(score_->evaluate(points, v));
    for (std::size_t i = 0; i < w.size(); ++i) {
      values[i] = v[i].finite ? v[i].value : NAN;
      for (std::size_t j = 0; j < v[i].weights.size() && !dw.empty(); ++j)
        dw[i][j] += v[i].weights[j];
    }
    return {};
  }

  std::string name_;
  std::unique_ptr<SoftScore> score_;
  LetterTokens tokens_;
  std::size_t at_once_;
};

}  // namespace

Result<LetterTokens> letter_tokens(const Tokenizer& t, const std::string& where) {
  LetterTokens out;
  for (Token letter = 0; letter < kLetters; ++letter) {
    const std::string text = dna_text({&letter, 1});
    Token byte = -1, normal = -1;
    for (Token v = t.n_vocab(); v-- > 0;) {  // downwards, so that the smallest id is kept
      const TokenKind kind = t.kind(v);
      if (kind != TokenKind::kNormal && kind != TokenKind::kUserDefined && kind != TokenKind::kByte)
        continue;
      if (t.piece(v) == text) (kind == TokenKind::kByte ? byte : normal) = v;
    }
    out[letter] = normal >= 0 ? normal : byte;
    if (out[letter] < 0)
      return Error{Code::kUnsupported, "a vocabulary in which each of A, C, G, T is one token",
                   "none that spells " + text, where,
                   "take a model whose tokens are letters, or bytes"};
  }
  return out;
}

std::unique_ptr<LetterTerm> make_score_term(std::string name, std::unique_ptr<SoftScore> s,
                                            const LetterTokens& tokens, int at_once) {
  return std::make_unique<ScoreTerm>(std::move(name), std::move(s), tokens, at_once);
}

}  // namespace ponder::dna
