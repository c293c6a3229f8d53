// Checks in f32 the order of the kept replies of a search in another precision.
// docs/methods.md#best-first.
#include <algorithm>

#include "ponder/search/search.h"

namespace ponder {
namespace {

// Computes the worth of each reply: its log-probability, in one batch, and the prior of its length.
Status rescore(CausalDensity& d, const PrefixRef& context, const ReplyLaw& law,
               const BestFirstConfig& c, std::span<const Reply> replies, std::vector<double>& out) {
  std::vector<Extend> requests;
  for (const Reply& r : replies)
    requests.push_back({.parent = context,
                        .tokens = r.tokens,
                        .rows = RowSet::kTargets,
                        .masks = law.masks(r.tokens.size())});
  Rows rows;
  PONDER_TRY(d.extend(requests, rows));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    double f = 0;
    for (const Row& row : rows.of(i)) f += row.logprob;
    out.push_back(worth(c, {replies[i].tokens, f, replies[i].ended}));
  }
  return {};
}

}  // namespace

Status settle(CausalDensity& exact, const PrefixRef& context, const ReplyLaw& law,
              const BestFirstConfig& c, BestFirstResult& r) {
  if (r.rivals.empty())
    return {};  // the tie stays, since not all replies within the slack have been seen
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
