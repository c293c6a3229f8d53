// One pass over the reply makes the lists of candidates; then one batch a position scores the reply
// with each candidate at that position, over the tree of prefixes.
#include <algorithm>
#include <cmath>

#include "ponder/search/pseudo.h"

namespace ponder {
namespace {

std::vector<Token> candidates_of(const CausalDensity& d, const Row& row, Token x, int k,
                                 bool last) {
  std::vector<Token> c;
  for (const TokenProb& v : row.list)
    if (static_cast<int>(c.size()) < k && (last || !d.is_end(v.token))) c.push_back(v.token);
  if (std::find(c.begin(), c.end(), x) == c.end()) c.push_back(x);
  return c;
}

// log p(reply[i] | all other tokens) over the candidates; `at`: the node before token i.
Result<double> conditional(CausalDensity& d, const PrefixRef& at, std::span<const Token> rest,
                           std::span<const Token> candidates, const TokenMask* allowed) {
  std::vector<std::vector<Token>> strings;
  std::vector<Extend> batch;
  for (Token v : candidates) {
    strings.emplace_back(rest.begin(), rest.end())[0] = v;
    batch.push_back({.parent = at, .rows = RowSet::kTargets, .masks = {allowed}});
  }
  for (std::size_t c = 0; c < batch.size(); ++c) batch[c].tokens = strings[c];
  Rows rows;
  PONDER_TRY(d.extend(batch, rows));
  // from position i on, since all of them share the tokens before
  std::vector<double> f(batch.size(), 0);
  double own = 0, total = 0;
  for (std::size_t c = 0; c < batch.size(); ++c) {
    for (const Row& r : rows.of(c)) f[c] += r.logprob;
    if (candidates[c] == rest[0]) own = f[c];
  }
  if (std::isinf(own)) return own;
  const double max = *std::max_element(f.begin(), f.end());
  for (double x : f) total += std::exp(x - max);
  return own - max - std::log(total);
}

}  // namespace

Result<PseudoLikelihood> pseudo_likelihood(CausalDensity& d, const PrefixRef& context,
                                           std::span<const Token> reply, int k,
                                           const TokenMask* allowed) {
  if (k < 1)
    return Error{Code::kInvalid, "at least 1 candidate a position", std::to_string(k),
                 "pseudo-likelihood", ""};
  PseudoLikelihood out;
  const auto n = static_cast<int>(reply.size());
  if (n == 0) return out;
  const int listed = k + static_cast<int>(d.end_tokens().size());
  const Extend all{.parent = context,
                   .tokens = reply,
                   .rows = RowSet::kTargets,
                   .needs = {.draw = {.kind = Draw::Kind::kList, .max_items = listed}},
                   .masks = {allowed}};
  Rows rows;
  PONDER_TRY(d.extend({&all, 1}, rows));
  const PrefixRef& end = rows.end[0];
  for (int i = 0; i < n; ++i) {
    out.candidates.push_back(candidates_of(d, rows.rows[i], reply[i], k, i + 1 == n));
    PONDER_ASSIGN(const double lp, conditional(d, end.ancestor(n - i), reply.subspan(i),
                                               out.candidates.back(), allowed));
    out.logprobs.push_back(lp);
    out.sum += lp;
  }
  return out;
}

}  // namespace ponder
