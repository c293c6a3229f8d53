// StoppingDensity: a density that refuses further passes (kCancelled) once a budget is spent, so
// that kernels and gradients, which have no budget, stop between two batches.
#pragma once

#include "law/forwarding.h"
#include "search/clock.h"

namespace ponder {

class StoppingDensity final : public ForwardingDensity<CausalDensity> {
 public:
  /// The density and the budget's flag must outlive the object, which must outlive the handles made
  /// through it.
  StoppingDensity(CausalDensity& d, const Budget& b) : ForwardingDensity(d), clock_(d, b) {}
  bool over() const { return clock_.over(); }

  Status extend(std::span<const Extend>, Rows& out) override;
  Status value_and_grad(std::span<const SoftReply>, const Objective&, const GradientOptions&,
                        std::vector<ReplyGradient>& out) override;
  Cost cost() const override { return density_.cost(); }

 private:
  Clock clock_;
};

/// True for errors after which a method returns the replies found so far: a spent budget, or a lack
/// of room.
inline bool ends_search(const Status& s) {
  return !s.ok() && (s.error().code == Code::kCancelled || s.error().code == Code::kResource);
}

}  // namespace ponder
