// The common part of moves that replace tokens by scores: a proposal from the scores at the present
// reply, the reverse move from the scores at the proposed reply, and Metropolis with both.
// docs/methods.md#gradient-informed.
#pragma once

#include <vector>

#include "mcmc/site_scores.h"
#include "mcmc/text_memo.h"
#include "ponder/chains/kernel.h"

namespace ponder {

/// Only one step may run at a time, since all steps share the scores.
class SubstitutionKernel : public Kernel {
 public:
  Status step(std::span<ChainState>, std::span<Choices* const>, std::span<StepInfo>) const final;

 protected:
  struct Proposal {
    std::vector<Token> tokens;
    std::vector<int> path{};  // positions in the order of their changes, where it matters
    double log_q = 0;         // of the proposal
  };
  SubstitutionKernel(const Energy& e, double gradient) : energy_(e), gradient_(gradient) {}
  virtual Proposal propose(const SiteScores&, std::span<const Token> x, Choices&) const = 0;
  /// log q of the reverse move from p.tokens to x, by the scores at p.tokens.
  virtual double log_reverse(const SiteScores&, const Proposal& p,
                             std::span<const Token> x) const = 0;

 private:
  const Energy& energy_;
  double gradient_;                        // weight of the gradient in the scores
  mutable TextMemo<SiteScores> scores_{};  // text_memo.h says why it is mutable
};

}  // namespace ponder
