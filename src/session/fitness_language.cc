// The language-model term of a fitness: opens the model, finds its letter tokens, and makes a term
// that owns the model.
#include <algorithm>

#include "ponder/dna/language.h"
#include "ponder/model/model.h"
#include "ponder/session/text_model.h"
#include "session/fitness.h"

namespace ponder {
namespace {

// The score log p(x | prompt), which owns the density that computes it.
class ModelScore final : public SoftScore {
 public:
  ModelScore(std::unique_ptr<LanguageDensity> d, const PrefixRef& root, const ReplyLaw& law)
      : density_(std::move(d)), score_(make_language_score(*density_, root, law)) {}
  Status score(std::span<const std::vector<Token>> x, std::vector<double>& f) override {
    return score_->score(x, f);
  }
  Status evaluate(std::span<const SoftPoint> p, std::vector<SoftValue>& v) override {
    return score_->evaluate(p, v);
  }

 private:
  std::unique_ptr<LanguageDensity> density_;
  std::unique_ptr<SoftScore> score_;
};

Result<std::vector<Token>> prompt_tokens(const TextModel& text, const std::string& prompt,
                                         const std::string& where) {
  const Tokenizer& t = text.tokenizer();
  std::vector<Token> ids = t.encode(prompt);
  if (t.adds_bos() || (ids.empty() && t.bos())) ids.insert(ids.begin(), *t.bos());
  if (ids.empty())
    return Error{Code::kInvalid, "a prompt of at least one token",
                 "none, and a model without a BOS", where, "give a \"prompt\""};
  return ids;
}

}  // namespace

Result<std::unique_ptr<dna::LetterTerm>> open_language_term(const LanguageFitness& t, int length,
                                                            int n_threads,
                                                            const std::string& where) {
  PONDER_ASSIGN(const auto text, TextModel::open(t.file));
  PONDER_ASSIGN(const dna::LetterTokens letters, dna::letter_tokens(text->tokenizer(), t.file));
  PONDER_ASSIGN(const std::vector<Token> ids, prompt_tokens(*text, t.prompt, where));
  PONDER_ASSIGN(const auto model, Model::load(text->shared_file(), {.n_threads = n_threads}));
  constexpr int kTokens = 8192, kMost = 64;  // limits of a batch, which bound the memory
  const int at_once = std::clamp(kTokens / length, 1, kMost),
            n_prompt = static_cast<int>(ids.size());
  const std::int64_t slots = n_prompt + static_cast<std::int64_t>(at_once) * length;
  const DensityOptions options{.n_ctx = n_prompt + length,
                               .kv_bytes = slots * model->info().kv_bytes_per_token};
  PONDER_ASSIGN(auto density, LanguageDensity::make(model, options));
  PONDER_ASSIGN(const PrefixRef root, density->add_context(ids));
  // Target kTruncated: no end token is needed, and no row is renormalised.
  PONDER_ASSIGN(
      const ReplyLaw law,
      ReplyLaw::make({.target = Target::kTruncated, .horizon = length}, density->n_vocab(), {}));
  return dna::make_score_term("language-model",
                              std::make_unique<ModelScore>(std::move(density), root, law), letters,
                              at_once);
}

}  // namespace ponder
