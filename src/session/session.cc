// Session: opens a model with its density, and makes the parts that all answers share.
#include "ponder/session.h"

#include <algorithm>

#include "ponder/core/notes.h"
#include "session/open_exact.h"
#include "session/outside_parts.h"

namespace ponder {

Session::Session(std::shared_ptr<const TextModel> t, SessionOptions o,
                 std::shared_ptr<const Model> m, std::unique_ptr<LanguageDensity> d)
    : text_(std::move(t)), options_(o), model_(std::move(m)), density_(std::move(d)) {}

DensityOptions Session::density_options(const TextModel& text, const Model& model,
                                        const SessionOptions& o) {
  constexpr int kUsualContext = 8192;
  DensityOptions d{
      .n_ctx = o.n_ctx, .kv_bytes = o.kv_bytes, .end_tokens = text.tokenizer().end_tokens()};
  if (d.n_ctx == 0) d.n_ctx = std::min(model.info().n_ctx_train, kUsualContext);
  return d;
}

Result<std::unique_ptr<Session>> Session::open(std::shared_ptr<const TextModel> text,
                                               const SessionOptions& o) {
  PONDER_ASSIGN(auto model, Model::load(text->shared_file(), o.model));
  return with_density(std::move(text), o, std::move(model));
}

Result<std::unique_ptr<Session>> Session::over(std::shared_ptr<LogitSource> source,
                                               const TextModel& vocabulary,
                                               const SessionOptions& o) {
  PONDER_ASSIGN(OutsideParts parts, outside_parts(std::move(source), vocabulary));
  return with_density(std::move(parts.text), o, std::move(parts.model));
}

Result<std::unique_ptr<Session>> Session::with_density(std::shared_ptr<const TextModel> text,
                                                       const SessionOptions& o,
                                                       std::shared_ptr<const Model> model) {
  PONDER_ASSIGN(auto density, LanguageDensity::make(model, density_options(*text, *model, o)));
  return std::unique_ptr<Session>(
      new Session(std::move(text), o, std::move(model), std::move(density)));
}

Result<std::unique_ptr<Session>> Session::in_f32(WeightForm weights) const {
  if (model_->info().outside)
    return Error{Code::kUnsupported, "a model file", model_->info().name, "a session in f32", ""};
  SessionOptions o = options_;
  o.model.precision = Precision::kF32;
  o.model.weights = weights;
  return open(text_, o);
}

Result<Session*> Session::exact() {
  if (model_->info().precision == Precision::kF32) return this;
  if (!exact_) {
    const auto open_own = [&](const SessionOptions& o) { return open(text_, o); };
    PONDER_ASSIGN(exact_, open_exact_ ? open_exact_() : open_exact(options_, open_own));
  }
  return exact_.get();
}

Result<PrefixRef> Session::context(std::span<const Token> prompt) {
  constexpr std::size_t kKept = 8;
  auto it = std::find_if(kept_.begin(), kept_.end(),
                         [&](const Kept& k) { return std::ranges::equal(k.prompt, prompt); });
  if (it == kept_.end()) {
    PONDER_ASSIGN(auto node, density_->add_context(prompt));
    it = kept_.insert(kept_.begin(), {{prompt.begin(), prompt.end()}, std::move(node)});
  }
  kept_.splice(kept_.begin(), kept_, it);
  if (kept_.size() > kKept) kept_.pop_back();
  return kept_.front().node;
}

SpelledReply Session::spelled(Reply r) const {
  SpelledReply s{std::move(r)};
  s.text = text_->reply_text(s.tokens);
  s.repetition = repeated_share(s.tokens);
  s.canonical = text_->canonical(s.tokens);
  return s;
}

RunRecord Session::record(const ReplyLaw& law, const Cost& cost, double seconds,
                          std::uint64_t seed) const {
  return {law.target(), cost, seconds, seed, model_->info().precision, text_->shared_file()};
}

std::vector<std::string> Session::notes_on(Prompt p, const SpelledReply& r) {
  if (r.text.empty() && r.ended) p.notes.emplace_back(kEmptyReply);
  return std::move(p.notes);
}

ProofSubject Session::subject(std::vector<Token> prompt, const ReplyLaw& law) const {
  return {text_->file().name(),
          text_->file().sha256(),
          std::string(to_string(model_->info().precision)),
          std::move(prompt),
          density_->end_tokens(),
          law.config()};
}

Result<std::string> Session::other_subject(const ProofSubject& p, const std::string& where) const {
  if (p.end_tokens != density_->end_tokens())
    return std::string("its end ids are not those of the model");
  if (p.model_sha256 != text_->file().sha256())
    return "it is of another model, of sha256 " + p.model_sha256;
  const auto n = static_cast<std::int64_t>(p.prompt.size()) + p.law.horizon;
  if (n > density_->n_ctx())
    return Error{Code::kInvalid, "a context of at least " + std::to_string(n) + " tokens",
                 std::to_string(density_->n_ctx()), where, "raise -c/--ctx-size"};
  return std::string();
}

double Session::error_of(const ProofSubject& p) const {
  return std::max(p.precision == "f32" ? kErrorF32 : kErrorBF16, model_->info().drift);
}

double Session::rounding_error() const {
  const ModelInfo& info = model_->info();
  return std::max(info.precision == Precision::kBF16 ? kErrorBF16 : kErrorF32, info.drift);
}

}  // namespace ponder
