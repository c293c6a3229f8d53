// Makes one batch of whole rows at nodes that are already fed, and one batch of gradients.
#include "mcmc/site_scores.h"

#include <cmath>

#include "energy/whole_replies.h"
#include "ponder/energy/relaxation.h"

namespace ponder {
namespace {

// slopes (n_vocab) of the position, or empty.
void score_site(const Row& row, std::span<const float> slopes, Token now, double half_alpha,
                double gradient, std::span<float> s) {
  for (std::size_t v = 0; v < s.size(); ++v) {
    double change = static_cast<double>(row.logits[v]) - row.logits[now];
    if (!slopes.empty()) change += gradient * (static_cast<double>(slopes[v]) - slopes[now]);
    s[v] = static_cast<float>(half_alpha * change);
  }
}

// Adds gradient beta/2 [r_i(v) - r_i(x_i)] of one term, for all states in one batch.
Status add_term(const Energy& e, std::size_t term, std::span<const ChainState* const> states,
                double gradient, std::vector<SiteScores>& out) {
  SoftScore* soft = e.terms()[term]->relaxed();
  if (!soft || gradient == 0) return {};
  const auto n_vocab = static_cast<std::size_t>(e.density().n_vocab());
  std::vector<std::vector<Token>> candidates(states.size());
  std::vector<std::vector<float>> weights(states.size());
  std::vector<SoftPoint> points;
  for (std::size_t k = 0; k < states.size(); ++k) {
    weights[k].assign(states[k]->tokens.size() * n_vocab, 0.f);
    for (std::size_t i = 0; i < states[k]->tokens.size(); ++i) {
      for (std::size_t v = 0; v < n_vocab; ++v) candidates[k].push_back(static_cast<Token>(v));
      weights[k][i * n_vocab + states[k]->tokens[i]] = 1;
    }
    points.push_back({candidates[k], weights[k], static_cast<int>(n_vocab)});
  }
  std::vector<SoftValue> values;
  PONDER_TRY(soft->evaluate(points, values));
  for (std::size_t k = 0; k < states.size(); ++k) {
    const double half_beta = e.replicas()[states[k]->replica].beta[term] / 2;
    if (half_beta == 0 || !out[k].finite) continue;
    out[k].finite = values[k].finite;
    for (std::size_t j = 0; j < out[k].s.size() && values[k].finite; ++j) {
      const std::size_t now = j / n_vocab * n_vocab + states[k]->tokens[j / n_vocab];
      out[k].s[j] += static_cast<float>(gradient * half_beta *
                                        (values[k].weights[j] - values[k].weights[now]));
    }
    if (!out[k].finite) out[k].s.clear();
  }
  return {};
}

}  // namespace

int n_sites(const Energy& e, std::span<const Token> x) {
  return static_cast<int>(x.size()) - (e.law().is_end(x.back()) ? 1 : 0);
}

Status site_scores(const Energy& e, std::span<const ChainState* const> states, double gradient,
                   std::vector<SiteScores>& out) {
  const TokenMask* content = &e.law().content_mask();
  std::vector<Extend> batch;
  std::vector<std::span<const Token>> replies;
  out.assign(states.size(), {});
  for (std::size_t k = 0; k < states.size(); ++k) {
    out[k].n_sites = n_sites(e, states[k]->tokens);
    out[k].n_vocab = e.density().n_vocab();
    replies.emplace_back(states[k]->tokens);
    for (int i = 0; i < out[k].n_sites; ++i)
      batch.push_back({.parent = states[k]->prefix(i),
                       .rows = RowSet::kLast,
                       .needs = {.draw = {.kind = Draw::Kind::kRow}},
                       .masks = {content}});
  }
  Rows rows;
  PONDER_TRY(e.density().extend(batch, rows));
  std::vector<ReplyGradient> slopes(states.size());
  if (gradient != 0)
    PONDER_TRY(reply_slopes(e.density(), e.context(), e.law(), {}, replies, slopes));
  std::size_t r = 0;
  for (std::size_t k = 0; k < states.size(); ++k) {
    SiteScores& sites = out[k];
    const auto n_vocab = static_cast<std::size_t>(sites.n_vocab);
    const std::span<const float> all = slopes[k].slopes;
    sites.finite = slopes[k].finite;
    if (sites.finite) sites.s.resize(sites.n_sites * n_vocab);
    for (int i = 0; i < sites.n_sites; ++i, ++r)
      if (sites.finite)
        score_site(rows.rows[r], all.empty() ? all : all.subspan(i * n_vocab, n_vocab),
                   states[k]->tokens[i], e.alpha(*states[k]) / 2, gradient,
                   std::span(sites.s).subspan(i * n_vocab, n_vocab));
  }
  for (std::size_t term = 0; term < e.terms().size(); ++term) {
    PONDER_TRY(add_term(e, term, states, gradient, out));
    for (std::size_t k = 0; k < states.size(); ++k)
      if (out[k].finite) e.terms()[term]->mask_changes(states[k]->tokens, out[k].s);
  }
  return {};
}

}  // namespace ponder
