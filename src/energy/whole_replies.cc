// whole_replies: makes the request of each of the two questions.
#include "energy/whole_replies.h"

namespace ponder {

Result<Rows> whole_rows(CausalDensity& d, const PrefixRef& root, const ReplyLaw& law, double alpha,
                        std::span<const Token> x) {
  const Extend ask{.parent = root,
                   .tokens = x,
                   .rows = RowSet::kTargets,
                   .needs = {.alpha = alpha, .lz = true, .draw = {.kind = Draw::Kind::kRow}},
                   .masks = law.masks(x.size())};
  Rows rows;
  PONDER_TRY(d.extend({&ask, 1}, rows));
  rows.end.clear();
  return rows;
}

Status reply_slopes(CausalDensity& d, const PrefixRef& root, const ReplyLaw& law,
                    const Objective& objective, std::span<const std::span<const Token>> replies,
                    std::vector<ReplyGradient>& out) {
  std::vector<SoftReply> batch;
  for (const auto x : replies)
    batch.push_back({.parent = root, .candidates = x, .masks = law.masks(x.size())});
  return d.value_and_grad(batch, objective, {.slopes = true}, out);
}

}  // namespace ponder
