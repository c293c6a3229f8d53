// A step takes two batches: the lists, then every reply with every candidate at its position.
#include "mcmc/gibbs.h"

#include <algorithm>

namespace ponder {

// Makes the list of each chain at its position, a function of the tokens before it. The list is
// empty where the chain stays.
Status GibbsKernel::candidates(std::span<const ChainState> chains, std::span<const StepInfo> infos,
                               std::vector<std::vector<Token>>& lists) const {
  const TokenMask* content = &energy_.law().content_mask();
  std::vector<Extend> batch;
  std::vector<std::size_t> movers;
  lists.assign(chains.size(), {});
  for (std::size_t c = 0; c < chains.size(); ++c) {
    const int i = infos[c].position;
    if (energy_.law().is_end(chains[c].tokens[i])) continue;
    batch.push_back(
        {.parent = chains[c].prefix(i),
         .rows = RowSet::kLast,
         .needs = {.draw = {.kind = Draw::Kind::kList, .max_items = config_.candidates}},
         .masks = {content}});
    movers.push_back(c);
  }
  Rows rows;
  PONDER_TRY(energy_.density().extend(batch, rows));
  for (std::size_t k = 0; k < movers.size(); ++k) {
    std::vector<Token>& list = lists[movers[k]];
    for (const TokenProb& v : rows.rows[k].list) list.push_back(v.token);
    // A present token outside its list stays: if it were added, the list would depend on it.
    const Token now = chains[movers[k]].tokens[infos[movers[k]].position];
    if (std::find(list.begin(), list.end(), now) == list.end()) list.clear();
  }
  return {};
}

Status GibbsKernel::step(std::span<ChainState> chains, std::span<Choices* const> choices,
                         std::span<StepInfo> infos) const {
  for (std::size_t c = 0; c < chains.size(); ++c)
    infos[c] = {.position = choices[c]->index(chains[c].n())};
  std::vector<std::vector<Token>> lists;
  PONDER_TRY(candidates(chains, infos, lists));
  std::vector<Energy::Edit> edits;
  for (std::size_t c = 0; c < chains.size(); ++c)
    for (Token v : lists[c]) {
      const int i = infos[c].position;
      edits.push_back({&chains[c], i, {chains[c].tokens.begin() + i, chains[c].tokens.end()}});
      edits.back().tail[0] = v;
    }
  std::vector<ChainState> rows;
  PONDER_TRY(energy_.evaluate(edits, rows));
  std::size_t first = 0;
  for (std::size_t c = 0; c < chains.size(); first += lists[c].size(), ++c) {
    if (lists[c].empty()) continue;
    std::vector<double> weights;
    for (std::size_t k = 0; k < lists[c].size(); ++k)
      weights.push_back(-energy_.energy(rows[first + k]));
    const int picked = choices[c]->categorical(weights);
    infos[c].n_proposed = static_cast<int>(lists[c].size());
    infos[c].numeric = picked < 0;
    if (picked < 0) continue;
    infos[c].accepted = lists[c][picked] != chains[c].tokens[infos[c].position];
    chains[c] = std::move(rows[first + picked]);
  }
  return {};
}

}  // namespace ponder
