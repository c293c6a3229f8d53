// Drafts decode in step; the last token drawn is fed together with the question for the next one.
#include "mcmc/draw_suffixes.h"

#include <numeric>

namespace ponder {
namespace {

// What the draft keeps; node: after the tokens so far but the last (none yet).
ChainState begin(const Energy& e, const Draft& d) {
  ChainState s;
  s.replica = d.replica;
  s.lz_alpha = d.exponent;
  if (!d.base) {
    s.node = PrefixRef::share(e.density(), e.context());
    return s;
  }
  const auto keep = [&d](const auto& v) { return std::decay_t<decltype(v)>(v.begin(), v.begin() + d.from); };
  s.tokens = keep(d.base->tokens);
  s.logprobs = keep(d.base->logprobs);
  s.lz = keep(d.base->lz);
  if (!d.base->entropy.empty()) s.entropy = keep(d.base->entropy);
  s.node = d.base->prefix(d.from);
  return s;
}

// One more token of every live draft; those that close leave.
Status advance(const Energy& e, std::span<const Draft> drafts, std::vector<std::size_t>& live,
               std::span<ChainState> states) {
  std::vector<Extend> batch;
  std::vector<const TokenMask*> masks;
  for (std::size_t i : live) masks.push_back(e.law().mask(states[i].n()));
  for (std::size_t i : live) {
    const ChainState& s = states[i];
    const Draft& d = drafts[i];
    const bool fed = s.n() == d.from;  // the kept tokens are; a drawn one is not
    Needs needs{.alpha = d.exponent, .lz = true, .entropy = d.base && !d.base->entropy.empty()};
    d.choices->ask(needs);
    batch.push_back({.parent = s.node.get(),
                     .tokens = std::span(s.tokens).last(fed ? 0 : 1),
                     .rows = RowSet::kLast,
                     .needs = needs,
                     .masks = {&masks[batch.size()], 1}});
  }
  Rows rows;
  PONDER_TRY(e.density().extend(batch, rows));
  std::vector<std::size_t> open;
  for (std::size_t k = 0; k < live.size(); ++k) {
    ChainState& s = states[live[k]];
    const Row& row = rows.rows[k];
    const TokenProb v = drafts[live[k]].choices->take(row, batch[k].needs);
    s.node = PrefixRef::adopt(e.density(), rows.end[k]);
    s.tokens.push_back(v.token);
    s.logprobs.push_back(v.logprob);
    s.lz.push_back(row.lz);
    if (batch[k].needs.entropy) s.entropy.push_back(row.entropy);
    if (!e.law().closes(s.n() - 1, v.token) && e.law().extends(s.n())) open.push_back(live[k]);
  }
  live = std::move(open);
  return {};
}

}  // namespace

Status draw_suffixes(const Energy& e, std::span<const Draft> drafts, std::vector<ChainState>& out) {
  out.clear();
  for (const Draft& d : drafts) out.push_back(begin(e, d));
  std::vector<std::size_t> live(drafts.size());
  std::iota(live.begin(), live.end(), 0);
  while (!live.empty()) PONDER_TRY(advance(e, drafts, live, out));
  return e.finish(out);
}

}  // namespace ponder
