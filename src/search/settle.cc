// Whether f32 puts the kept replies in the order in which a search in another precision found them.
// docs/methods.md#best-first.
#include <algorithm>

#include "ponder/search.h"

namespace ponder {
namespace {

// What each reply is worth: its log-probability in one batch, and the prior of its length.
Status rescore(CausalDensity& d, Prefix context, const ReplyLaw& law, const BestFirstConfig& c,
               std::span<const Reply> replies, std::vector<double>& out) {
  std::vector<Extend> requests;
  std::vector<std::vector<const TokenMask*>> masks;
  for (const Reply& r : replies) masks.push_back(law.masks(r.tokens.size()));
  for (std::size_t i = 0; i < replies.size(); ++i)
    requests.push_back({.parent = context, .tokens = replies[i].tokens, .rows = RowSet::kTargets, .masks = masks[i]});
  Rows rows;
  PONDER_TRY(d.extend(requests, rows));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    double f = 0;
    for (const Row& row : rows.of(i)) f += row.logprob;
    out.push_back(worth(c, {replies[i].tokens, f, replies[i].ended}));
    d.release(rows.end[i]);
  }
  return {};
}

}  // namespace

Status settle(CausalDensity& exact, Prefix context, const ReplyLaw& law, const BestFirstConfig& c, BestFirstResult& r) {
  if (r.rivals.empty()) return {};  // with a tie all the same: not all within the slack has been seen
  std::vector<double> worth;
  PONDER_TRY(rescore(exact, context, law, c, r.replies, worth));
  PONDER_TRY(rescore(exact, context, law, c, r.rivals, worth));
  const auto n = static_cast<std::ptrdiff_t>(r.replies.size());
  const double worst = *std::min_element(worth.begin(), worth.begin() + n),
               rival = *std::max_element(worth.begin() + n, worth.end());
  r.certificate.tie = worst - rival > kErrorF32 ? 0 : std::max(rival - worst, kErrorF32);
  return {};
}

}  // namespace ponder
