// The smallest kernel: one token of the reply is replaced by another, drawn uniformly, and the
// change is accepted by Metropolis' rule. A skeleton to start from (docs/howto-add-kernel.md), not
// one to sample with.
#pragma once

#include <vector>

#include "ponder/chains/kernel.h"

namespace ponder {

class SubstituteKernel final : public Kernel {
 public:
  explicit SubstituteKernel(const Energy& e) : energy_(e) {
    for (Token v = 0; v < e.density().n_vocab(); ++v)
      if (e.law().content_mask()[v]) words_.push_back(v);
  }
  std::string_view name() const override { return "substitute"; }

  Status step(std::span<ChainState> chains, std::span<Choices* const> choices,
              std::span<StepInfo> infos) const override {
    // 1. Every chain makes its random choices, through `choices` and in a fixed order.
    std::vector<Energy::Edit> edits;
    std::vector<std::size_t> movers;
    for (std::size_t c = 0; c < chains.size(); ++c) {
      const ChainState& x = chains[c];
      const int i = choices[c]->index(x.n());
      const Token v = words_[choices[c]->index(static_cast<int>(words_.size()))];
      infos[c] = {.position = i};
      // an end token does not move: the chain stays
      if (energy_.law().is_end(x.tokens[i])) continue;
      infos[c].n_proposed = 1;
      edits.push_back({&x, i, {x.tokens.begin() + i, x.tokens.end()}});
      edits.back().tail[0] = v;
      movers.push_back(c);
    }
    // 2. One batch through the model for all chains.
    std::vector<ChainState> proposals;
    PONDER_TRY(energy_.evaluate(edits, proposals));
    // 3. Accept or stay. The proposal is symmetric, so that only energies enter; a NaN is refused
    // and counted.
    for (std::size_t k = 0; k < movers.size(); ++k) {
      ChainState& x = chains[movers[k]];
      StepInfo& info = infos[movers[k]];
      info.log_acceptance = energy_.energy(x) - energy_.energy(proposals[k]);
      info.numeric = info.log_acceptance != info.log_acceptance;
      info.accepted = choices[movers[k]]->accept(info.log_acceptance);
      if (info.accepted) x = std::move(proposals[k]);
    }
    return {};
  }

 private:
  const Energy& energy_;
  std::vector<Token> words_;  // allowed tokens without end tokens
};

}  // namespace ponder
