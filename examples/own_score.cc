// Your own score for relaxations: log p of a reply plus a reward for a word, as a SoftScore,
// checked against the contract that every score must keep. A skeleton to start from;
// docs/gradient.md.
//   own_score MODEL.gguf "prompt" "word"
#include <cstdio>
#include <string>

#include "ponder/energy/contract.h"
#include "ponder/energy/relaxation.h"
#include "ponder/model/model.h"

namespace {

using namespace ponder;

/// f(x) = log p(x) + weight · [x contains v]. The relaxed bracket is 1 - prod_t (1 - s_tv), the
/// probability that v occurs when every position is drawn from its mixture independently; at
/// one-hot weights it equals the bracket.
class WithWord final : public SoftScore {
 public:
  WithWord(SoftScore& language, Token v, double weight)
      : language_(language), v_(v), weight_(weight) {}

  Status score(std::span<const std::vector<Token>> x, std::vector<double>& f) override {
    PONDER_TRY(language_.score(x, f));
    for (std::size_t i = 0; i < x.size(); ++i)
      for (Token t : x[i])
        if (t == v_) {
          f[i] += weight_;
          break;
        }
    return {};
  }

  Status evaluate(std::span<const SoftPoint> points, std::vector<SoftValue>& out) override {
    PONDER_TRY(language_.evaluate(points, out));
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (!out[i].finite) continue;
      const SoftPoint& p = points[i];
      const std::size_t n = p.candidates.size() / static_cast<std::size_t>(p.m);
      std::vector<double> without(n, 1);  // 1 - s_tv
      for (std::size_t k = 0; k < p.candidates.size(); ++k)
        if (p.candidates[k] == v_) without[k / p.m] -= p.weights[k];
      double product = 1;
      for (double w : without) product *= w;
      out[i].value += weight_ * (1 - product);
      for (std::size_t k = 0; k < p.candidates.size(); ++k) {
        if (p.candidates[k] != v_) continue;
        double others = 1;
        for (std::size_t t = 0; t < n; ++t)
          if (t != k / p.m) others *= without[t];
        out[i].weights[k] += static_cast<float>(weight_ * others);
      }
    }
    return {};
  }

 private:
  SoftScore& language_;
  Token v_;
  double weight_;
};

Status run(const std::string& path, const std::string& prompt, const std::string& word) {
  PONDER_ASSIGN(auto file, GgufFile::open(path));
  PONDER_ASSIGN(auto tokenizer, Tokenizer::from_gguf(file));
  PONDER_ASSIGN(
      auto model,
      Model::load(file, {.precision = Precision::kF32}));  // bf16 is too rough for differences
  PONDER_ASSIGN(auto density, LanguageDensity::make(model, {}));
  PONDER_ASSIGN(const PrefixRef context, density->add_context(tokenizer->encode(prompt)));
  constexpr int kN = 6, kM = 4;
  PONDER_ASSIGN(auto law,
                ReplyLaw::make({.target = Target::kFixed, .horizon = kN}, density->n_vocab(), {}));
  const auto language = make_language_score(*density, context, law);
  const Token v = tokenizer->encode(word).at(0);
  WithWord score(*language, v, 5);

  std::vector<Token> candidates;  // (kN, kM)
  for (int i = 0; i < kN * kM; ++i)
    candidates.push_back(i % kM == 0 ? v : (v + 1 + 37 * i) % density->n_vocab());
  PONDER_TRY(check_contract(score, candidates, kM));
  std::printf("the contract holds\n");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: own_score MODEL.gguf \"prompt\" \"word\"\n");
    return 2;
  }
  if (const auto status = run(argv[1], argv[2], argv[3]); !status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
