// Starts of chains: ancestral draws of the replica's own q and, in turn, of the model itself, until
// each is a reply that its target allows. At a high exponent the replies to some prompts never end
// within the horizon: after a few draws they are cut where the model would most readily end. Any
// start is valid.
#include <algorithm>
#include <cmath>
#include <string>

#include "mcmc/draw_suffixes.h"
#include "ponder/chains/kernel.h"

namespace ponder {
namespace {

constexpr int kDraws = 4;  // draws that are not cut: two of each exponent

// Finds the position of the draft at which an end token is most probable given the tokens before
// it; an empty tail: there is none. (Choosing the most probable reply would mostly give the
// shortest one, and the starts would hardly differ.)
Status find_cut(const Energy& e, const ChainState& draft, Energy::Edit& out) {
  std::vector<Extend> batch;
  std::vector<int> cuts;
  for (int t = 0; t < draft.n(); ++t) {
    const PrefixRef before = draft.prefix(t);
    for (const Token& end : e.law().end_tokens()) {
      cuts.push_back(t);
      batch.push_back({.parent = before,
                       .tokens = {&end, 1},
                       .rows = RowSet::kTargets,
                       .masks = {e.law().mask(t)}});
    }
  }
  Rows rows;
  PONDER_TRY(e.density().extend(batch, rows));
  out = {.base = &draft, .from = 0, .tail = {}};
  double best = -INFINITY;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (rows.rows[i].logprob <= best) continue;
    best = rows.rows[i].logprob;
    out.from = cuts[i];
    out.tail = {batch[i].tokens.front()};
  }
  return {};
}

// Cuts each draft; a draft that cannot be cut does not change.
Status cut(const Energy& e, std::span<ChainState> drafts) {
  if (e.law().end_tokens().empty()) return {};
  std::vector<Energy::Edit> edits;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    Energy::Edit edit;
    PONDER_TRY(find_cut(e, drafts[i], edit));
    if (edit.tail.empty()) continue;
    edits.push_back(std::move(edit));
    which.push_back(i);
  }
  if (edits.empty()) return {};
  std::vector<ChainState> replies;
  PONDER_TRY(e.evaluate(edits, replies));
  for (std::size_t i = 0; i < which.size(); ++i) drafts[which[i]] = std::move(replies[i]);
  return {};
}

// Drafts that the target allows become the states of open chains; the other chains stay open.
void keep_replies(const Energy& e, std::vector<ChainState>& drafts, std::vector<std::size_t>& open,
                  std::span<ChainState> chains) {
  std::vector<ChainState> rest;
  std::vector<std::size_t> failed;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (std::isfinite(e.energy(drafts[i]))) {
      chains[open[i]] = std::move(drafts[i]);
    } else {
      failed.push_back(open[i]);
      rest.push_back(std::move(drafts[i]));
    }
  }
  open = std::move(failed);
  drafts = std::move(rest);
}

}  // namespace

Status draw_starts(const Energy& e, std::span<Choices* const> choices, int tries,
                   std::span<ChainState> chains) {
  std::vector<std::size_t> open;
  for (std::size_t c = 0; c < chains.size(); ++c) open.push_back(c);
  for (int k = 0; k < tries && !open.empty(); ++k) {
    std::vector<Draft> drafts;
    for (std::size_t c : open) {
      const double alpha = e.alpha(chains[c]);
      drafts.push_back({.exponent = k % 2 ? std::min(alpha, 1.) : alpha,
                        .choices = choices[c],
                        .replica = chains[c].replica});
    }
    std::vector<ChainState> drawn;
    PONDER_TRY(draw_suffixes(e, drafts, drawn));
    keep_replies(e, drawn, open, chains);
    if (k < kDraws || open.empty()) continue;
    PONDER_TRY(cut(e, drawn));
    keep_replies(e, drawn, open, chains);
  }
  if (open.empty()) return {};
  return Error{Code::kNumeric, "a start that the target allows for every chain",
               "none in " + std::to_string(tries) + " draws for " + std::to_string(open.size()) +
                   " of " + std::to_string(chains.size()),
               "starts of chains", "allow longer replies, or relax the terms that forbid some"};
}

}  // namespace ponder
