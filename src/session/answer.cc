// The likeliest answer, and the check of a proof that was written down.
#include <fmt/format.h>

#include <utility>

#include "session/answerer.h"

namespace ponder {

Result<AnswerReport> Session::answer(const AnswerRequest& r) {
  PONDER_ASSIGN(const auto work, Answerer::make(*this, r));
  PONDER_TRY(work->run());
  AnswerReport a = work->report();
  a.reply = spelled(work->reply());
  const Clock& clock = work->prefill().clock();
  a.run = record(work->law(), clock.cost(), clock.seconds(), r.seed);
  a.notes = std::move(work->prompt().notes);
  return a;
}

Result<AnswerCheckReport> Session::check_answer(const AnswerCheckRequest& r) {
  const AnswerRecord& c = r.record;
  AnswerCheckReport a{.record = c};
  if (c.model_sha256 != text_->file().sha256())
    a.result.why = "it is of another model, of sha256 " + c.model_sha256;
  if (c.end_tokens != density_->end_tokens())
    a.result.why = "its end ids are not those of the model";
  if (!a.result.why.empty()) return a;
  const auto n = static_cast<std::int64_t>(c.prompt.size()) + c.law.horizon;
  if (n > density_->n_ctx())
    return Error{Code::kInvalid, fmt::format("a context of at least {} tokens", n),
                 std::to_string(density_->n_ctx()), r.where, "raise -c/--ctx-size"};
  PONDER_TRY(text_->check_ids(c.prompt, r.where));
  PONDER_ASSIGN(const ReplyLaw law, ReplyLaw::make(c.law, density_->n_vocab(), c.end_tokens));
  PONDER_ASSIGN(const auto map, parse_answer_map(c.map));
  PONDER_ASSIGN(const PrefixRef node, context(c.prompt));
  const Spell spell = [&](std::span<const Token> t) { return text_->reply_text(t); };
  const double error = c.precision == "f32" ? kErrorF32 : kErrorBF16;
  PONDER_ASSIGN(a.result,
                ponder::check_answer(*density_, node, law, *map, spell, c.statement, error));
  return a;
}

}  // namespace ponder
