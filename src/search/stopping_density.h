// StoppingDensity: a density that refuses further passes (kCancelled) once a budget is spent, so that kernels and
// gradients, which know of no budget, stop between two batches like every other method.
#pragma once

#include "search/clock.h"

namespace ponder {

class StoppingDensity final : public CausalDensity {
 public:
  /// Both must outlive it, and it the handles that were made through it.
  StoppingDensity(CausalDensity& d, const Budget& b) : density_(d), clock_(d, b) {}
  bool over() const { return clock_.over(); }

  int n_vocab() const override { return density_.n_vocab(); }
  bool is_end(Token v) const override { return density_.is_end(v); }
  const std::vector<Token>& end_tokens() const override { return density_.end_tokens(); }
  int n_ctx() const override { return density_.n_ctx(); }
  Status extend(std::span<const Extend>, Rows& out) override;
  Status value_and_grad(std::span<const SoftReply>, const Objective&, const GradientOptions&,
                        std::vector<ReplyGradient>& out) override;
  Prefix ancestor(Prefix p, int n) override { return density_.ancestor(p, n); }
  int depth(Prefix p) const override { return density_.depth(p); }
  void retain(Prefix p) override { density_.retain(p); }
  void release(Prefix p) override { density_.release(p); }
  Cost cost() const override { return density_.cost(); }

 private:
  CausalDensity& density_;
  Clock clock_;
};

/// May a method that had this error still answer with what it has found? A spent budget, and no more room.
inline bool ends_search(const Status& s) {
  return !s.ok() && (s.error().code == Code::kCancelled || s.error().code == Code::kResource);
}

}  // namespace ponder
