// StoppingDensity: a density that refuses further passes (kCancelled) once a budget is spent, so
// that kernels and gradients, which know of no budget, stop between two batches like every other
// method.
#pragma once

#include "law/forwarding.h"
#include "search/clock.h"

namespace ponder {

class StoppingDensity final : public ForwardingDensity<CausalDensity> {
 public:
  /// Both must outlive it, and it the handles that were made through it.
  StoppingDensity(CausalDensity& d, const Budget& b) : ForwardingDensity(d), clock_(d, b) {}
  bool over() const { return clock_.over(); }

  Status extend(std::span<const Extend>, Rows& out) override;
  Status value_and_grad(std::span<const SoftReply>, const Objective&, const GradientOptions&,
                        std::vector<ReplyGradient>& out) override;
  Cost cost() const override { return density_.cost(); }

 private:
  Clock clock_;
};

/// May a method that had this error still answer with what it has found? A spent budget, and no
/// more room.
inline bool ends_search(const Status& s) {
  return !s.ok() && (s.error().code == Code::kCancelled || s.error().code == Code::kResource);
}

}  // namespace ponder
