// A step takes two batches: the row at the gap or of the deleted token, then the new replies.
#include "mcmc/insert_delete.h"

#include <cmath>

namespace ponder {

// Makes the new replies, and log q over content tokens of the inserted or deleted token given the
// tokens before it.
Status InsertDeleteKernel::propose(std::span<const ChainState> chains,
                                   std::span<Choices* const> choices, std::span<const Plan> plans,
                                   std::vector<Energy::Edit>& edits,
                                   std::vector<double>& log_q) const {
  const TokenMask* content = &energy_.law().content_mask();
  std::vector<Extend> batch;
  for (const Plan& p : plans) {
    const ChainState& x = chains[p.chain];
    batch.push_back({.parent = x.prefix(p.position), .masks = {content}});
    if (p.insert) {
      choices[p.chain]->ask(batch.back().needs);
    } else {
      batch.back().tokens = std::span(x.tokens).subspan(p.position, 1);
      batch.back().rows = RowSet::kTargets;
    }
  }
  Rows rows;
  PONDER_TRY(energy_.density().extend(batch, rows));
  for (std::size_t k = 0; k < plans.size(); ++k) {
    const auto& [c, insert, i] = plans[k];
    const auto rest = chains[c].tokens.begin() + i;
    std::vector<Token> tail(insert ? rest : rest + 1, chains[c].tokens.end());
    if (insert) {
      const TokenProb v = choices[c]->take(rows.rows[k], batch[k].needs);
      tail.insert(tail.begin(), v.token);
      log_q.push_back(v.logprob);
    } else {
      log_q.push_back(rows.rows[k].logprob);
    }
    edits.push_back({&chains[c], i, std::move(tail)});
  }
  return {};
}

Status InsertDeleteKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                                std::span<StepInfo> infos) const {
  const ReplyLaw& law = energy_.law();
  std::vector<Plan> plans;
  for (std::size_t c = 0; c < chains.size(); ++c) {
    infos[c] = {};
    const bool insert = choices[c]->index(2) == 0;  // the coin does not depend on the state
    const int m = chains[c].n() - 1;                // content tokens
    if (!law.is_end(chains[c].tokens.back()) || law.content_mask().count() == 0) continue;
    if (insert ? !law.extends(m + 1) : m == 0) continue;
    infos[c].position = choices[c]->index(insert ? m + 1 : m);
    plans.push_back({c, insert, infos[c].position});
  }
  std::vector<Energy::Edit> edits;
  std::vector<double> log_q;
  PONDER_TRY(propose(chains, choices, plans, edits, log_q));
  std::vector<ChainState> replies;
  PONDER_TRY(energy_.evaluate(edits, replies));
  for (std::size_t k = 0; k < plans.size(); ++k) {
    const auto& [c, insert, i] = plans[k];
    // m + 1 gaps of x, m + 1 content tokens of the longer y: the choice of place cancels.
    const double gain = energy_.energy(chains[c]) - energy_.energy(replies[k]);
    StepInfo& info = infos[c];
    info.n_proposed = 1;
    info.log_acceptance = insert ? gain - log_q[k] : gain + log_q[k];
    info.numeric = std::isnan(info.log_acceptance);
    info.accepted = choices[c]->accept(info.log_acceptance);
    if (info.accepted) chains[c] = std::move(replies[k]);
  }
  return {};
}

}  // namespace ponder
