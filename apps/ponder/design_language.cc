// The language model of a fitness: opens it, finds its letters, and makes of it a term that owns it.
#include <algorithm>

#include "design_fitness.h"
#include "ponder/dna_language.h"
#include "session.h"

namespace ponder::app {
namespace {

// log p after a prompt, with the model that says it.
class ModelScore final : public SoftScore {
 public:
  ModelScore(std::unique_ptr<LanguageDensity> d, const PrefixRef& root, const ReplyLaw& law)
      : density_(std::move(d)), score_(make_language_score(*density_, root, law)) {}
  Status score(std::span<const std::vector<Token>> x, std::vector<double>& f) override { return score_->score(x, f); }
  Status evaluate(std::span<const SoftPoint> p, std::vector<SoftValue>& v) override { return score_->evaluate(p, v); }

 private:
  std::unique_ptr<LanguageDensity> density_;
  std::unique_ptr<SoftScore> score_;
};

std::vector<Token> prompt_tokens(const Text& text, const std::string& prompt, const std::string& where) {
  std::vector<Token> ids = text.raw(prompt);
  if (ids.empty() && text.tokenizer->bos()) ids.push_back(*text.tokenizer->bos());
  if (ids.empty())
    fail({Code::kInvalid, "a prompt of at least one token", "none, and a model without a BOS", where,
          "give a \"prompt\""});
  return ids;
}

}  // namespace

std::unique_ptr<DnaTerm> language_term(const std::string& path, const std::string& prompt, int length, int n_threads,
                                       const std::string& where) {
  ModelArgs args;
  args.path = path;
  const Text text(args);
  const LetterTokens letters = must(letter_tokens(*text.tokenizer, path));
  const std::vector<Token> ids = prompt_tokens(text, prompt, where);
  const auto model = must(Model::load(text.file, {.n_threads = n_threads}));
  constexpr int kTokens = 8192, kMost = 64;  // of a batch: what bounds the memory
  const int at_once = std::clamp(kTokens / length, 1, kMost), n_prompt = static_cast<int>(ids.size());
  const std::int64_t slots = n_prompt + static_cast<std::int64_t>(at_once) * length;
  auto density = must(
      LanguageDensity::make(model, {.n_ctx = n_prompt + length, .kv_bytes = slots * model->info().kv_bytes_per_token}));
  const PrefixRef root = must(density->add_context(ids));
  // Truncated at the length: no end token is asked for, and no row is renormalised.
  const ReplyLaw law = must(ReplyLaw::make({.target = Target::kTruncated, .horizon = length}, density->n_vocab(), {}));
  return make_score_term("language-model", std::make_unique<ModelScore>(std::move(density), root, law), letters,
                         at_once);
}

}  // namespace ponder::app
