// Depth-first enumeration of all prefixes with whole rows.
#include "law/toy/enumerate.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace ponder {
namespace {

Status walk(CausalDensity& d, const PrefixRef& p, const ReplyLaw& law, std::size_t limit,
            Reply& path, std::vector<Reply>& out) {
  const int t = static_cast<int>(path.tokens.size());
  Rows rows;
  const TokenMask* mask = law.mask(t);
  const Extend ask{.parent = p,
                   .rows = RowSet::kLast,
                   .needs = {.draw = {.kind = Draw::Kind::kList}},
                   .masks = {mask}};
  PONDER_TRY(d.extend({&ask, 1}, rows));
  const std::vector<TokenProb> list = std::move(rows.rows[0].list);
  for (const TokenProb& c : list) {
    path.tokens.push_back(c.token);
    path.logprob += c.logprob;
    if (law.closes(t, c.token)) {
      if (law.counts(path.tokens.size()))
        out.push_back({path.tokens, path.logprob, law.is_end(c.token)});
      if (out.size() > limit)
        return Error{Code::kResource, "at most " + std::to_string(limit) + " replies to enumerate",
                     "more", "enumerate_replies", "allow fewer ids or a shorter horizon"};
    } else if (law.extends(t + 1)) {
      const Extend feed{.parent = p, .tokens = {&c.token, 1}, .rows = RowSet::kNone};
      PONDER_TRY(d.extend({&feed, 1}, rows));
      const PrefixRef child = rows.end[0];
      PONDER_TRY(walk(d, child, law, limit, path, out));
    }
    path.tokens.pop_back();
    path.logprob -= c.logprob;
  }
  return {};
}

}  // namespace

Result<std::vector<Reply>> enumerate_replies(CausalDensity& d, const PrefixRef& context,
                                             const ReplyLaw& law, std::size_t limit) {
  std::vector<Reply> out;
  Reply path;
  PONDER_TRY(walk(d, context, law, limit, path, out));
  std::sort(out.begin(), out.end(), [](const Reply& a, const Reply& b) {
    return a.logprob != b.logprob ? a.logprob > b.logprob : a.tokens < b.tokens;
  });
  return out;
}

}  // namespace ponder
