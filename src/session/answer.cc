// The likeliest answer, and the check of a proof that was written down.
#include <utility>

#include "session/answerer.h"
#include "session/confidence.h"

namespace ponder {

Result<AnswerReport> Session::answer(const AnswerRequest& r) {
  PONDER_TRY(check_calibration(r, *text_));
  PONDER_ASSIGN(const auto work, Answerer::make(*this, r));
  PONDER_TRY(work->run());
  AnswerReport a = work->report();
  if (r.calibration || r.features) {
    PONDER_ASSIGN(a.greedy, work->greedy_log_prob());
  }
  a.reply = spelled(work->reply());
  if (auto statement = work->statement())
    a.record = {subject(work->prompt().ids, work->law()), work->map().name(),
                std::move(*statement)};
  const Clock& clock = work->prefill().clock();
  a.run = record(work->law(), clock.cost(), clock.seconds(), r.seed);
  a.notes = std::move(work->prompt().notes);
  apply_calibration(r, a);
  return a;
}

Result<AnswerCheckReport> Session::check_answer(const AnswerCheckRequest& r) {
  const AnswerRecord& c = r.record;
  AnswerCheckReport a{.record = c};
  PONDER_ASSIGN(a.result.why, other_subject(c, r.where));
  if (!a.result.why.empty()) return a;
  PONDER_TRY(text_->check_ids(c.prompt, r.where));
  PONDER_ASSIGN(const ReplyLaw law, ReplyLaw::make(c.law, density_->n_vocab(), c.end_tokens));
  PONDER_ASSIGN(const auto map, parse_answer_map(c.map));
  PONDER_ASSIGN(const PrefixRef node, context(c.prompt));
  const Spell spell = [&](std::span<const Token> t) { return text_->reply_text(t); };
  PONDER_ASSIGN(a.result,
                ponder::check_answer(*density_, node, law, *map, spell, c.statement, error_of(c)));
  return a;
}

}  // namespace ponder
