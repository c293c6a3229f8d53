// All replies decode in step; the last token drawn is fed in the request for the next row.
#include "mcmc/draw_suffixes.h"

#include <limits>

namespace ponder {
ChainState begin_draft(const Energy& e, const Draft& d) {
  ChainState s;
  s.replica = d.replica;
  s.lz_alpha = d.exponent;
  if (!d.base) {
    s.node = e.context();
    return s;
  }
  const auto keep = [&d](const auto& v) {
    return std::decay_t<decltype(v)>(v.begin(), v.begin() + d.from);
  };
  s.tokens = keep(d.base->tokens);
  s.logprobs = keep(d.base->logprobs);
  s.lz = keep(d.base->lz);
  if (!d.base->entropy.empty()) s.entropy = keep(d.base->entropy);
  s.node = d.base->prefix(d.from);
  return s;
}

bool unfinished(const Energy& e, const ChainState& s) {
  const int n = s.n();
  return e.law().extends(n) && (n == 0 || !e.law().closes(n - 1, s.tokens.back()));
}

Status draw_tokens(const Energy& e, std::span<const TokenDraw> draws) {
  const int root = e.context().depth();
  std::vector<Extend> batch;
  for (const TokenDraw& d : draws) {
    ChainState& s = *d.state;
    if (d.follow) s.node = d.follow->prefix(s.n());
    const bool fed = s.node.depth() - root == s.n();
    Needs needs{.alpha = d.exponent, .lz = true, .entropy = d.entropy};
    if (!d.follow) d.choices->ask(needs);
    batch.push_back({.parent = s.node,
                     .tokens = std::span(s.tokens).last(fed ? 0 : 1),
                     .rows = RowSet::kLast,
                     .needs = needs,
                     .masks = {e.law().mask(s.n())}});
  }
  Rows rows;
  PONDER_TRY(e.density().extend(batch, rows));
  for (std::size_t k = 0; k < draws.size(); ++k) {
    const TokenDraw& d = draws[k];
    ChainState& s = *d.state;
    const Row& row = rows.rows[k];
    const int t = s.n();
    const TokenProb v = d.follow ? TokenProb{d.follow->tokens[t], d.follow->logprobs[t]}
                                 : d.choices->take(row, batch[k].needs);
    s.node = std::move(rows.end[k]);
    s.tokens.push_back(v.token);
    s.logprobs.push_back(v.logprob);
    s.lz.push_back(row.lz);
    if (d.entropy) s.entropy.push_back(row.entropy);
  }
  return {};
}

Status draw_suffixes(const Energy& e, std::span<const Draft> drafts, std::vector<ChainState>& out) {
  out.clear();
  for (const Draft& d : drafts) out.push_back(begin_draft(e, d));
  std::vector<TokenDraw> open;
  for (std::size_t i = 0; i < drafts.size(); ++i)
    open.push_back({.state = &out[i],
                    .exponent = drafts[i].exponent,
                    .choices = drafts[i].choices,
                    .entropy = drafts[i].base && !drafts[i].base->entropy.empty()});
  while (!open.empty()) {
    PONDER_TRY(draw_tokens(e, open));
    std::erase_if(open, [&](const TokenDraw& d) { return !unfinished(e, *d.state); });
  }
  return e.finish(out);
}

double log_weight(const Energy& e, const ChainState& y, int from) {
  if (!y.supported) return -std::numeric_limits<double>::infinity();
  const double alpha = e.alpha(y);
  double log_pi = e.bias(y), log_q = 0;
  for (int t = from; t < y.n(); ++t) {
    log_pi += alpha * y.logprobs[t];
    log_q += y.lz_alpha * y.logprobs[t] - y.lz[t];
  }
  return log_pi - log_q;
}

}  // namespace ponder
