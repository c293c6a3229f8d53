// Session::prove: the most probable replies with their proof; Session::check: the check of a
// recorded proof.
#include <fmt/format.h>

#include "session/prefill.h"
#include "session/terms.h"

namespace ponder {
namespace {

// (horizon + 1): the value of the length prior for a reply of n tokens; empty: there is no prior.
Result<std::vector<double>> length_worth(const std::optional<LengthPrior>& p, int horizon) {
  std::vector<double> worth;
  if (!p) return worth;
  const std::vector<Token> any(horizon, 0);
  std::vector<std::span<const Token>> replies;
  for (int n = 0; n <= horizon; ++n) replies.push_back(std::span(any).first(n));
  worth.resize(replies.size());
  PONDER_TRY(make_length_term(*p)->evaluate(replies, worth));
  return worth;
}

}  // namespace

// A session with the same weights in f32 decides whether bf16 found the right order. If there is no
// memory for it, the tie remains.
Status Session::settle_in_f32(const Prompt& prompt, const ReplyLaw& law, const BestFirstConfig& c,
                              BestFirstResult& r) {
  const auto exact = this->exact();
  if (!exact.ok()) return {};
  const auto node = (*exact)->density().add_context(prompt.ids);
  return node.ok() ? settle((*exact)->density(), *node, law, c, r) : Status();
}

Result<ProveAnswer> Session::prove(const ProveRequest& r) {
  PONDER_TRY(check_provable(r.terms));
  if (r.record && !r.terms.given.empty())
    return invalid("no terms beside a certificate, which says nothing of them", "a given term",
                   "record");
  PONDER_ASSIGN(Prompt prompt, text_->prompt(r.prompt));
  PONDER_ASSIGN(const ReplyLaw law, r.law.law(kSearchTokens, prompt.ids.size(), *density_));
  Prefill prefill(*this, r.budget);
  PONDER_TRY(prefill.read(prompt.ids));
  BestFirstConfig c{.n_best = r.n_best, .per_length = r.per_length, .batch = r.batch};
  if (!r.per_length) c.slack = rounding_error();
  PONDER_ASSIGN(c.length_prior, length_worth(r.terms.length_prior, law.horizon()));
  TermsRequest besides = r.terms;
  besides.length_prior.reset();
  PONDER_ASSIGN(const Terms terms, make_terms(besides, *this, prompt));
  for (std::size_t t = 0; t < terms.terms.size(); ++t)
    c.terms.push_back({terms.terms[t].get(), terms.beta[t]});
  PONDER_ASSIGN(BestFirstResult found,
                best_first(*density_, prefill.context(), law, c, {}, prefill.rest()));
  if (model_->info().precision != Precision::kF32 && !found.rivals.empty() && !r.budget.stopped())
    PONDER_TRY(settle_in_f32(prompt, law, c, found));

  ProveAnswer a;
  a.run = record(law, prefill.clock().cost(), prefill.clock().seconds(), 0);
  a.n_best = r.n_best;
  a.by_worth = !r.terms.empty();
  a.certificate = found.certificate;
  for (const Reply& x : found.replies) a.replies.push_back({spelled(x), worth(c, x)});
  if (r.per_length) {
    a.per_length.emplace();
    for (const LengthBest& b : found.per_length) a.per_length->push_back({spelled(b.reply), b.gap});
  }
  if (r.record && !found.replies.empty())
    a.record = {subject(prompt.ids, law),
                {c.n_best, std::move(found.replies), std::move(c.length_prior), found.certificate}};
  a.notes = notes_on(std::move(prompt), a.replies.empty() ? SpelledReply() : a.replies[0]);
  return a;
}

Result<CheckAnswer> Session::check(const CheckRequest& r) {
  const CertificateRecord& c = r.record;
  CheckAnswer a{.tolerance = error_of(c), .statement = c.statement};
  PONDER_ASSIGN(a.result.why, other_subject(c, r.where));
  if (!a.result.why.empty()) return a;
  PONDER_ASSIGN(const ReplyLaw law, ReplyLaw::make(c.law, density_->n_vocab(), c.end_tokens));
  Prefill prefill(*this, r.budget);
  PONDER_TRY(prefill.read(c.prompt));
  PONDER_ASSIGN(a.result, check_certificate(*density_, prefill.context(), law, c.statement,
                                            {.tolerance = a.tolerance}, prefill.rest()));
  return a;
}

}  // namespace ponder
