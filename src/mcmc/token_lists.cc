// The lists of token space. The lists may depend on the target, never on a chain.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/log_sum_exp.h"
#include "mcmc/hmc_token.h"

namespace ponder {
namespace {

// Allowed tokens: end tokens first, then by probability.
std::vector<TokenProb> ranked(const Energy& e, const Row& row) {
  std::vector<TokenProb> all;
  for (std::size_t v = 0; v < row.logits.size(); ++v)
    if (!std::isinf(row.logits[v]))
      all.push_back(
          {static_cast<Token>(v), static_cast<double>(row.logits[v]) - row.log_normalizer});
  std::stable_sort(all.begin(), all.end(), [&](const TokenProb& a, const TokenProb& b) {
    const bool end_a = e.law().is_end(a.token), end_b = e.law().is_end(b.token);
    return end_a != end_b ? end_a : a.logprob > b.logprob;
  });
  return all;
}

}  // namespace

int TokenLists::find(int t, Token v) const {
  const auto begin = candidates.begin() + static_cast<std::ptrdiff_t>(t) * m;
  const auto at = std::find(begin, begin + m, v);
  return at == begin + m ? -1 : static_cast<int>(at - begin);
}

Result<TokenLists> greedy_lists(const Energy& e, int m) {
  std::vector<std::vector<TokenProb>> lists;
  PrefixRef at = e.context();
  std::vector<Token> last;
  for (int t = 0; e.law().extends(t); ++t) {
    const TokenMask* mask = e.law().mask(t);
    const Extend request{.parent = at,
                         .tokens = last,
                         .rows = RowSet::kLast,
                         .needs = {.draw = {.kind = Draw::Kind::kRow}},
                         .masks = {mask}};
    Rows rows;
    PONDER_TRY(e.density().extend({&request, 1}, rows));
    at = std::move(rows.end[0]);
    lists.push_back(ranked(e, rows.rows[0]));
    const auto& all = lists.back();
    const auto next = std::find_if(all.begin(), all.end(),
                                   [&](const auto& v) { return !e.law().is_end(v.token); });
    if (next == all.end()) break;  // only an end token is left
    last = {next->token};
  }
  TokenLists out;
  for (const auto& list : lists)
    out.m = std::max(out.m, std::min(m, static_cast<int>(list.size())));
  for (const auto& list : lists) {
    std::vector<double> lp;
    std::vector<Token> tokens;
    for (int j = 0; j < std::min(out.m, static_cast<int>(list.size())); ++j)
      lp.push_back(list[j].logprob), tokens.push_back(list[j].token);
    const double mass = log_sum_exp(lp);
    for (double& l : lp) l -= mass;
    for (Token v = 0; static_cast<int>(tokens.size()) < out.m; ++v)
      if (std::find(tokens.begin(), tokens.end(), v) == tokens.end())
        tokens.push_back(v), lp.push_back(kAbsent);
    out.candidates.insert(out.candidates.end(), tokens.begin(), tokens.end());
    out.log_q.insert(out.log_q.end(), lp.begin(), lp.end());
  }
  return out;
}

}  // namespace ponder
