// From the first reply to a likelier one.
#include "ponder/core/notes.h"
#include "session/prefill.h"

namespace ponder {
namespace {

// Of each token of a reply, nats.
Result<std::vector<double>> logprobs(CausalDensity& d, const PrefixRef& context,
                                     const ReplyLaw& law, const std::vector<Token>& reply) {
  const Extend ask{.parent = context,
                   .tokens = reply,
                   .rows = RowSet::kTargets,
                   .masks = law.masks(reply.size())};
  Rows rows;
  PONDER_TRY(d.extend({&ask, 1}, rows));
  std::vector<double> out;
  for (const Row& r : rows.rows) out.push_back(r.logprob);
  return out;
}

}  // namespace

Result<ThinkAnswer> Session::think(const ThinkRequest& r) {
  PONDER_TRY(check_methods(r.config.methods));
  PONDER_ASSIGN(Prompt prompt, text_->prompt(r.prompt));
  PONDER_ASSIGN(const ReplyLaw law, r.law.law(kReplyTokens, prompt.ids.size(), *density_));
  ThinkConfig c = r.config;
  // A user's own idea of length leaves no room for like lengths.
  const bool fixed = r.law.length != 0;
  c.like_lengths = !r.any_length && !fixed && r.law.min_length == 0;
  c.fit_horizon = r.law.max_length == 0 && !fixed;
  c.best_first.slack = rounding_error();
  Prefill prefill(*this, r.budget);
  PONDER_TRY(prefill.read(prompt.ids));
  ThinkAnswer a;
  PONDER_ASSIGN(a.result, ponder::think(*density_, prefill.context(), law, c, prefill.rest()));
  a.run = record(law, prefill.clock().cost(), prefill.clock().seconds(), c.first.seed);
  a.first = spelled(a.result.first);
  a.best = spelled(a.result.best);
  if (a.result.also) a.also = spelled(*a.result.also);
  a.notes = std::move(prompt.notes);
  for (std::string& note : notes(a.result, text_->tokenizer(), prompt.question))
    a.notes.push_back(std::move(note));
  if (r.logprobs) {
    PONDER_ASSIGN(a.best_logprobs, logprobs(*density_, prefill.context(), law, a.best.tokens));
  }
  return a;
}

}  // namespace ponder
